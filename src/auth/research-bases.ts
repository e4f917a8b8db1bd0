import { Injectable } from '@nestjs/common'

/** Whom a permit that is active now lets in. */
export interface PermitMembers {
  readonly clientIds: Iterable<string>
  readonly userIds: Iterable<string>
}

/** What auth must know of permits. Governance, which stands above auth, has it. */
export interface PermitSource {
  /** undefined: unknown, or not active now */
  load(permitId: string): Promise<PermitMembers | undefined>
}

/**
 * Who may have a token for which research base. Until governance has handed over its permits, nobody
 * may: there is no base then.
 */
@Injectable()
export class ResearchBases {
  private source: PermitSource | undefined

  /** Called once by governance when it starts. */
  provideFrom(source: PermitSource): void {
    this.source = source
  }

  async isOpen(permit: string): Promise<boolean> {
    return (await this.members(permit)) !== undefined
  }

  async admitsClient(permit: string, clientId: string): Promise<boolean> {
    return [...((await this.members(permit))?.clientIds ?? [])].includes(clientId)
  }

  async admitsPerson(permit: string, userId: string): Promise<boolean> {
    return [...((await this.members(permit))?.userIds ?? [])].includes(userId)
  }

  private async members(permit: string): Promise<PermitMembers | undefined> {
    return this.source?.load(permit)
  }
}
