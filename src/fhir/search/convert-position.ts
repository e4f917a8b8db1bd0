import type { Convert, Purpose } from './convert.ts'
import { isNumber, isObject } from '../json.ts'

/** `Location.position`; what lies off the globe is nowhere. @see FHIR R4 § Location, "position" */
export function positionOf({ parameter }: Purpose): Convert {
  return (value, to) => {
    if (!isObject(value) || !isNumber(value['latitude']) || !isNumber(value['longitude'])) return
    const [latitude, longitude] = [Number(value['latitude']), Number(value['longitude'])]
    if (Math.abs(latitude) > 90 || Math.abs(longitude) > 180) return
    to.found.push({ kind: 'position', parameter, latitude, longitude })
  }
}
