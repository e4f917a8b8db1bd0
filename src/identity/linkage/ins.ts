/**
 * Namespaces of the national health identity (INS): NIR and NIA, then those of test and demonstration.
 *
 * @see ANS, Référentiel Identifiant National de Santé; OIDs 1.2.250.1.213.1.4.8 to .11
 */
export const insSystems: ReadonlySet<string> = new Set(
  [8, 9, 10, 11].map((last) => `urn:oid:1.2.250.1.213.1.4.${last}`),
)

/**
 * Whether a matricule INS is well formed: 13 characters, then a key of two digits that is 97 minus the
 * number modulo 97. In Corsica the number holds `2A` or `2B`, which count as 19 and 18.
 *
 * @param matricule 15 characters, white space removed
 */
export function isMatricule(matricule: string): boolean {
  if (!/^\d{5}(?:\d{2}|2[AB])\d{6}\d{2}$/.test(matricule)) return false
  const number = matricule.slice(0, 13).replace('2A', '19').replace('2B', '18')
  return 97 - (Number(number) % 97) === Number(matricule.slice(13))
}
