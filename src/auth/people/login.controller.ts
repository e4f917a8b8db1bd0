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
import { IsString, MaxLength, MinLength } from 'class-validator'
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
    const token = await this.signIns.signIn(login.username, login.password, ip)
    if (token === undefined) {
      throw new UnauthorizedException('unknown name, wrong password, or locked for a while')
    }
    return { access_token: token, token_type: 'Bearer', expires_in: sessionSeconds }
  }

  @Post('logout')
  @HttpCode(204)
  @UseGuards(PersonGuard)
  async logout(@CurrentPerson() person: Person, @Ip() ip: string): Promise<void> {
    await this.signIns.signOut(person, ip)
  }
}
