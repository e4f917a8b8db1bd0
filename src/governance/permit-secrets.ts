import { wrappedColumn } from '../identity/wrapped-place.ts'
import { sql } from '../store/sql.ts'

/** What a permit's secret is bound to. */
export function permitSecretContext(permitId: string): string {
  return `permit/${permitId}`
}

/** The secrets of permits, until they are closed. */
export const permitSecretsPlace = wrappedColumn({
  name: 'permit secrets',
  ...{ table: sql`governance.permit`, id: sql`id`, idType: sql`text`, key: sql`secret` },
  context: permitSecretContext,
})
