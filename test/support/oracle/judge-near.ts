import { membersOf, type Found } from './found.ts'
import { split } from './split.ts'

/** Of a sphere as large as the earth, in metres. */
const radius = 6_371_008.8
const metres: Readonly<Record<string, number>> = { km: 1000, m: 1, '[mi_i]': 1609.344 }
const discretion = 50

/** `latitude|longitude|distance|unit`, 50 km when nothing is said. @see FHIR R4 § Location, "near" */
export function meetsNear(asked: string, { value }: Found): boolean {
  const [latitude, longitude, distance = '', unit = ''] = split(asked, '|')
  const position = membersOf(value)
  const here = onUnitSphere(Number(latitude), Number(longitude))
  const there = onUnitSphere(Number(position['latitude']), Number(position['longitude']))
  const cosine = here.reduce((sum, coordinate, axis) => sum + coordinate * (there[axis] ?? 0), 0)
  const apart = radius * Math.acos(Math.min(1, cosine))
  return apart <= Number(distance === '' ? discretion : distance) * (metres[unit === '' ? 'km' : unit] ?? NaN)
}

function onUnitSphere(latitude: number, longitude: number): readonly number[] {
  const [phi, lambda] = [(latitude * Math.PI) / 180, (longitude * Math.PI) / 180]
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)]
}
