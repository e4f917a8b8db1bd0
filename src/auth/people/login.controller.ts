import {
  Body,
  Controller,
  Header,
  HttpCode,
  Post,
  UnauthorizedException,
  UseGuards,
  ValidationPipe,
} from '@nestjs/common'
import { IsString, MaxLength, MinLength } from 'class-validator'
import { People } from './people.ts'
import { CurrentPerson, PersonGuard } from './person.guard.ts'
import { Sessions, sessionSeconds, type CurrentPerson as Person } from './sessions.ts'

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
  constructor(
    private readonly people: People,
    private readonly sessions: Sessions,
  ) {}

  @Post('login')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async login(@Body(new ValidationPipe({ whitelist: true, expectedType: Login })) login: Login) {
    const person = await this.people.identify(login.username, login.password)
    if (!person) throw new UnauthorizedException('unknown name, wrong password, or locked for a while')
    const token = await this.sessions.open(person)
    return { access_token: token, token_type: 'Bearer', expires_in: sessionSeconds }
  }

  @Post('logout')
  @HttpCode(204)
  @UseGuards(PersonGuard)
  async logout(@CurrentPerson() person: Person): Promise<void> {
    await this.sessions.close(person.sessionId)
  }
}
