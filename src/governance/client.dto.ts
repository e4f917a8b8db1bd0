import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import { IsOptional, IsString, Length } from 'class-validator'
import type { Client } from '../auth/entities.ts'
import { onRecord, type OnRecord } from './audit.interceptor.ts'
import { LimitDto } from './limit.dto.ts'

export class ClientPageDto extends LimitDto {
  @ApiPropertyOptional({ description: '`client_id` of the last one of the page before' })
  @IsOptional()
  @IsString()
  @Length(1, 200)
  after?: string
}

/** A client as it is registered. */
export class ClientAnswer implements OnRecord {
  @ApiProperty()
  readonly client_id: string
  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: 'RFC 7591, but for what a secret is known by',
  })
  readonly metadata: object
  @ApiProperty({ description: 'the most it may be granted, canonical SMART v2' })
  readonly policy: string
  @ApiProperty({ type: [String] })
  readonly grants: readonly string[]
  readonly [onRecord]: OnRecord[typeof onRecord]

  constructor({
    clientId,
    metadata,
    scope,
    grants,
  }: Pick<Client, 'clientId' | 'metadata' | 'scope' | 'grants'>) {
    this.client_id = clientId
    const { client_secret_hash: _, ...shown } = metadata as { client_secret_hash?: string }
    this.metadata = shown
    this.policy = scope
    this.grants = grants
    this[onRecord] = { detail: { client: clientId }, alerts: [] }
  }
}

/** A secret, which nobody can be shown again. */
export class SecretAnswer implements OnRecord {
  @ApiProperty()
  readonly client_id: string
  @ApiProperty()
  readonly client_secret: string
  readonly [onRecord]: OnRecord[typeof onRecord]

  constructor(clientId: string, secret: string) {
    this.client_id = clientId
    this.client_secret = secret
    this[onRecord] = { detail: { client: clientId }, alerts: [] }
  }
}
