import { createHmac, randomBytes } from 'node:crypto'
import { memberSecret, patientKeys, permitKeys } from '../src/deid/pseudonym.ts'
import { median, perSecond, timed, type Figure } from './figure.ts'

const members = 20_000

/** Members of a cohort, made on one core, beside the two HMACs that each takes. */
export async function pseudonymFigure(): Promise<Figure> {
  const permit = permitKeys(randomBytes(32))
  const warehouse = Array.from({ length: members }, () => randomBytes(32))
  const ours: number[] = []
  const bare: number[] = []
  for (let round = 0; round < 5; round++) {
    ours.push(await timed(() => each(warehouse, (secret) => patientKeys(memberSecret(permit, secret)))))
    bare.push(
      await timed(() =>
        each(warehouse, (secret) =>
          createHmac('sha256', createHmac('sha256', permit.members).update(secret).digest())
            .update('member')
            .digest(),
        ),
      ),
    )
  }
  return {
    work: 'pseudonym, secret and shift of a member, one core',
    unit: '1/s',
    ...perSecond(members, median(ours), median(bare)),
  }
}

function each(secrets: readonly Buffer[], make: (secret: Buffer) => unknown): Promise<void> {
  secrets.forEach(make)
  return Promise.resolve()
}
