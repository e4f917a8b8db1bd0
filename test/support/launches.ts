import type { Response } from 'supertest'
import { App, Browser, codeOf, walk, type Person } from './app-launch.ts'
import type { LaunchWorld } from './app-launch-world.ts'

type Given = Record<string, string | undefined>

/** Whole launches in a world, by the app `public` unless another is named. */
export class Launches {
  readonly app: App

  constructor(private readonly world: LaunchWorld) {
    this.app = new App(world.server, 'public')
  }

  async signedIn(username: string): Promise<Browser> {
    const browser = new Browser(this.world.server)
    await browser.signIn(username)
    return browser
  }

  /** The token response of a launch. */
  async launched(
    given: Given = {},
    username = 'doctor',
    person: Person = { patient: this.world.patient },
    by = this.app,
  ): Promise<Response> {
    const browser = await this.signedIn(username)
    return by.redeem(await codeOf(walk(this.world.server, browser, by.authorizeUrl(given), person)))
  }

  /** The error that the app gets back with its own state; `none`, or `page 400` where it gets nothing back. */
  async refusal(given: Given, username = 'doctor', by = this.app): Promise<string> {
    const browser = await this.signedIn(username)
    const { server, patient } = this.world
    const end = await walk(server, browser, by.authorizeUrl(given), { patient })
    if (!(end instanceof URL)) return `page ${end.status}`
    const told = end.searchParams
    return told.get('state') === by.state ? (told.get('error') ?? 'none') : 'another state'
  }
}
