import { Decimal, type Json, type JsonObject } from '../json.ts'
import { fhirpath } from './invariant-library.ts'

/** A value as the FHIRPath library takes it: plain JSON, decimals in its own form, digits kept. */
export type PlainData = unknown

/**
 * Resources and elements in the library's form. What has no decimals in it is given as it is, and each
 * object is turned once.
 */
export class PlainForms {
  private readonly made = new WeakMap<object, PlainData>()

  of(value: Json | undefined): PlainData {
    if (typeof value !== 'object' || value === null) return value
    const found = this.made.get(value)
    if (found !== undefined) return found
    const plain = this.make(value)
    this.made.set(value, plain)
    return plain
  }

  private make(value: JsonObject | Json[] | Decimal): PlainData {
    if (value instanceof Decimal) return fhirpath().FP_Decimal.getDecimal(value.text)
    if (Array.isArray(value)) {
      const plain = value.map((one) => this.of(one))
      return plain.every((one, index) => one === value[index]) ? value : plain
    }
    let changed: Record<string, PlainData> | undefined
    for (const name in value) {
      const plain = this.of(value[name])
      if (plain === value[name]) continue
      changed ??= { ...value }
      changed[name] = plain
    }
    return changed ?? value
  }
}
