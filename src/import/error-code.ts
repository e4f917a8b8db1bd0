/** The code that Node.js and PostgreSQL give their errors: `ENOENT`, `Z_BUF_ERROR`, `53100`. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
