import {
  Body,
  Controller,
  Header,
  HttpCode,
  Ip,
  Post,
  UnauthorizedException,
  UseGuards,
  ValidationPipe,
} from '@nestjs/common'
import { IsOptional, IsString, MaxLength, MinLength } from 'class-validator'
import { CurrentPerson, PersonGuard } from './person.guard.ts'
import { sessionSeconds, type CurrentPerson as Person } from './sessions.ts'
import { SignIns } from './sign-ins.ts'

export class Login {
  @IsString()
  @MinLength(1)
  @MaxLength(64)
  username!: string

  /** longer ones cost more to hash than they protect */
  @IsString()
  @MinLength(1)
  @MaxLength(1024)
  password!: string

  /** of who has a second factor: the code of the app, or a recovery code */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  otp?: string
}

/** How people sign in and out. */
@Controller('auth')
export class LoginController {
  constructor(private readonly signIns: SignIns) {}

  @Post('login')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async login(
    @Body(new ValidationPipe({ whitelist: true, expectedType: Login })) login: Login,
    @Ip() ip: string,
  ) {
    const { username, password, otp } = login
    const first = await this.signIns.signIn(username, password, ip)
    if (first.kind === 'code' && otp === undefined) throw new UnauthorizedException('otp is needed')
    const signIn = first.kind === 'code' ? await this.signIns.enterCode(first.waiting, otp ?? '', ip) : first
    if (signIn.kind !== 'open') {
      throw new UnauthorizedException('unknown name, wrong password or code, or locked for a while')
    }
    return { access_token: signIn.token, token_type: 'Bearer', expires_in: sessionSeconds }
  }

  @Post('logout')
  @HttpCode(204)
  @UseGuards(PersonGuard)
  async logout(@CurrentPerson() person: Person, @Ip() ip: string): Promise<void> {
    await this.signIns.signOut(person, ip)
  }
}
