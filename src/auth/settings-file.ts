import { plainToInstance } from 'class-transformer'
import { validateSync } from 'class-validator'
import { readFileSync } from 'node:fs'
import { SettingsError } from '../config.ts'

/**
 * Reads a JSON array of records that a setting names, and checks each.
 *
 * @param setting the setting's name, for the message
 * @param Shape class with class-validator decorators; a property it does not have is wrong
 * @throws SettingsError in one line: which file, which entry, what is wrong, never what it held
 */
export function readSettingsFile<T extends object>(setting: string, file: string, Shape: new () => T): T[] {
  return check(
    setting,
    readArray(setting, () => readFileSync(file, 'utf8')),
    Shape,
  )
}

/** The same for an array that stands in the setting itself. */
export function readSettingsArray<T extends object>(setting: string, text: string, Shape: new () => T): T[] {
  return check(
    setting,
    readArray(setting, () => text),
    Shape,
  )
}

function check<T extends object>(setting: string, entries: readonly unknown[], Shape: new () => T): T[] {
  return entries.map((entry, index) => {
    const fault = faultOf(Shape, entry)
    if (fault !== undefined) throw new SettingsError(`${setting}: entry ${index + 1}: ${fault}`)
    return plainToInstance(Shape, entry)
  })
}

function readArray(setting: string, read: () => string): unknown[] {
  let value: unknown
  try {
    value = JSON.parse(read())
  } catch {
    throw new SettingsError(`${setting}: not JSON that can be read`)
  }
  if (!Array.isArray(value)) throw new SettingsError(`${setting}: not a JSON array`)
  return value
}

function faultOf<T extends object>(Shape: new () => T, entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) return 'not an object'
  const errors = validateSync(plainToInstance(Shape, entry), { whitelist: true, forbidNonWhitelisted: true })
  const faults = errors.flatMap((error) => Object.values(error.constraints ?? {}))
  return faults.length === 0 ? undefined : faults.join('; ')
}
