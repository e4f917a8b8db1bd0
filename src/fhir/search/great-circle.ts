/** Mean radius of the WGS84 ellipsoid. @see NIMA TR8350.2, "R1" */
export const earthRadiusMetres = 6_371_008.8

export interface Point {
  /** degrees, north positive */
  readonly latitude: number
  /** degrees, east positive */
  readonly longitude: number
}

/**
 * How far two points are from each other along a great circle of a sphere, by the haversine formula. The
 * error against the ellipsoid is below 0.6 %.
 *
 * @returns metres
 */
export function distance(a: Point, b: Point): number {
  const [latitudeA, latitudeB] = [radians(a.latitude), radians(b.latitude)]
  const byLatitude = Math.sin((latitudeB - latitudeA) / 2) ** 2
  const byLongitude = Math.sin(radians(b.longitude - a.longitude) / 2) ** 2
  const haversine = byLatitude + Math.cos(latitudeA) * Math.cos(latitudeB) * byLongitude
  return 2 * earthRadiusMetres * Math.asin(Math.min(1, Math.sqrt(haversine)))
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180
}
