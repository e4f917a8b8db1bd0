import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger'
import { IsIn, Matches } from 'class-validator'
import { touchedPatients } from './audit.interceptor.ts'
import { erasureGrounds, retentions, type ErasureGround, type Retention } from './erased.ts'
import type { DescribedErasure, SignedCertificate } from './erasures.ts'
import { logicalId, NamedPatientDto } from './rights.dto.ts'

export class ErasureDto extends NamedPatientDto {
  @ApiProperty({ enum: erasureGrounds, description: 'GDPR article 17(1)' })
  @IsIn(erasureGrounds)
  ground!: ErasureGround

  @ApiProperty({
    enum: retentions,
    description: 'why the legal duty to keep the care record does not stand in the way',
  })
  @IsIn(retentions)
  retention!: Retention
}

export class RetypedPatientDto {
  @ApiProperty({ description: 'the patient’s logical id, typed again' })
  @Matches(logicalId, { message: 'patient must be a logical id' })
  patient!: string
}

export class ErasureAnswer {
  @ApiProperty({ format: 'uuid' })
  readonly id: string
  @ApiProperty({ description: 'of the certificate' })
  readonly number: number
  @ApiPropertyOptional({ description: 'logical id of the Patient, until it is erased' })
  readonly patient: string | undefined
  @ApiProperty({ enum: erasureGrounds })
  readonly ground: string
  @ApiProperty({ enum: retentions })
  readonly retention: string
  @ApiProperty({ enum: ['asked', 'withdrawn', 'confirmed', 'erased', 'proved'] })
  readonly state: string
  @ApiProperty()
  readonly askedBy: string
  @ApiProperty()
  readonly askedAt: string
  @ApiPropertyOptional()
  readonly confirmedBy: string | undefined
  @ApiPropertyOptional()
  readonly confirmedAt: string | undefined
  @ApiPropertyOptional()
  readonly erasedAt: string | undefined
  @ApiPropertyOptional()
  readonly provedAt: string | undefined
  /** for the trail, not for the answer */
  readonly [touchedPatients]: readonly string[]

  constructor(one: DescribedErasure) {
    this.id = one.id
    this.number = one.number
    this.patient = one.logicalId
    this.ground = one.ground
    this.retention = one.retention
    this.state = one.state
    this.askedBy = one.askedBy
    this.askedAt = one.askedAt.toISOString()
    this.confirmedBy = one.confirmedBy
    this.confirmedAt = one.confirmedAt?.toISOString()
    this.erasedAt = one.erasedAt?.toISOString()
    this.provedAt = one.provedAt?.toISOString()
    this[touchedPatients] = one.patient === undefined ? [] : [one.patient]
  }
}

export class CertificateAnswer implements SignedCertificate {
  @ApiProperty({ type: Object, description: 'rows by table, each 0; it names nobody' })
  readonly certificate: SignedCertificate['certificate']
  @ApiProperty({ description: 'of the certificate’s JSON text, hexadecimal; it is on the audit chain' })
  readonly sha256: string
  @ApiProperty({ description: 'HMAC-SHA-256 under a key of the keyring, base64' })
  readonly mac: string
  @ApiProperty({ description: 'whether it is as it was signed' })
  readonly isGenuine: boolean

  constructor(signed: SignedCertificate) {
    this.certificate = signed.certificate
    this.sha256 = signed.sha256
    this.mac = signed.mac
    this.isGenuine = signed.isGenuine
  }
}
