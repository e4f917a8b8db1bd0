import fc from 'fast-check'
import { shiftBirthYear, shiftDate, shiftPeriod } from '../../src/deid/shift.ts'

const days = fc.integer({ min: 1, max: 365 }).chain((n) => fc.constantFrom(n, -n))
const day = fc
  .integer({ min: Date.UTC(1912, 0, 1) / 86_400_000, max: Date.UTC(2140, 0, 1) / 86_400_000 })
  .map((n) => new Date(n * 86_400_000).toISOString().slice(0, 10))
  .filter((text) => shiftDate(text, 1) !== undefined)
/** Any time FHIR can write, in any zone, a leap second included. */
const time = fc
  .tuple(
    fc.integer({ min: 0, max: 1439 }),
    fc.integer({ min: 0, max: 60 }),
    fc.integer({ min: 1, max: 999_999_999 }),
    fc.integer({ min: 0, max: 9 }),
    fc.oneof(fc.constantFrom(0, 60, 120), fc.integer({ min: -14 * 60, max: 14 * 60 })),
  )
  .map(([minute, second, fraction, digits, zone]) => {
    const tail = digits ? '.' + padded(fraction, 9).slice(0, digits) : ''
    return `T${clock(minute)}:${padded(second, 2)}${tail}${offset(zone)}`
  })
const moment = fc
  .tuple(day, time)
  .map(([date, rest]) => date + rest)
  .filter((text) => shiftDate(text, 1) !== undefined) // a placeholder in UTC
const anyDate = fc.oneof(
  day,
  moment,
  day.map((date) => date.slice(0, 7)),
  day.map((date) => date.slice(0, 4)),
)

function padded(number: number, width: number): string {
  return String(number).padStart(width, '0')
}

/** `08:30` of the minutes since midnight. */
function clock(minute: number): string {
  return `${padded(Math.floor(minute / 60), 2)}:${padded(minute % 60, 2)}`
}

function offset(minutes: number): string {
  return minutes === 0 ? 'Z' : `${minutes < 0 ? '-' : '+'}${clock(Math.abs(minutes))}`
}

/** Nanoseconds since the epoch of a FHIR date with a time, by other means than `shift.ts`; a leap second is the next one. */
function nanoseconds(text: string): bigint {
  const [, minute = '', second = '', fraction = '', zone = ''] =
    /^(.{16}):(\d\d)(?:\.(\d+))?(.+)$/.exec(text) ?? []
  const seconds = BigInt(Date.parse(`${minute}:00${zone}`) / 1000) + BigInt(second)
  return seconds * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'))
}

const dayNanoseconds = 86_400_000_000_000n

/** `2024-03-10T08:30:07.25+02:00` has the precision of `2024-03-10T08:30:07.25`. */
function precision(text: string | undefined): number | undefined {
  return text?.replace(/(T.*?)(?:Z|[+-]\d\d:\d\d)$/, '$1').length
}

/** [first, last] moment a FHIR date covers, in ms. */
function covers(text: string): readonly [number, number] {
  if (text.length > 10) {
    const ms = Number(nanoseconds(text)) / 1_000_000
    return [ms, ms]
  }
  const [year = 0, month, date] = text.split('-').map(Number)
  if (month === undefined) return [Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1) - 1]
  if (date === undefined) return [Date.UTC(year, month - 1, 1), Date.UTC(year, month, 1) - 1]
  return [Date.UTC(year, month - 1, date), Date.UTC(year, month - 1, date + 1) - 1]
}

describe('the shift of a date', () => {
  it.each([
    ['2024-03-01', -1, '2024-02-29'],
    ['2023-12-31', 1, '2024-01-01'],
    ['2024-03-10T08:30:00+01:00', 30, '2024-04-09T07:30:00Z'],
    ['2024-07-10T08:30:00+02:00', 180, '2025-01-06T06:30:00Z'],
    ['2024-03-10T00:30:07.250+02:00', 1, '2024-03-10T22:30:07.250Z'],
    ['2024-02-28T22:00:00.5-05:30', 1, '2024-03-01T03:30:00.5Z'],
    ['2024-03-10T00:59:60.1+01:00', 1, '2024-03-10T23:59:60.1Z'],
    ['2024-03-10T23:59:60.123456789Z', -365, '2023-03-11T23:59:60.123456789Z'],
    ['2024-03', 20, '2024-04'],
    ['2024-03', 14, '2024-03'],
    ['2024', 182, '2024'],
    ['2024', 184, '2025'],
    ['2024', -365, '2023'],
  ])('moves %s by %d days to %s', (text, by, expected) => {
    expect(shiftDate(text, by)).toBe(expected)
  })

  it.each([
    '',
    '24',
    '2024-13',
    '2024-02-30',
    '2024-3-1',
    '2024-03-10T08:30',
    '2024-03-10 Dupont',
    '2024-03-10T25:00:00Z',
    '2024-03-10T08:30:00',
  ])('drops %p, which is no FHIR date', (text) => expect(shiftDate(text, 5)).toBeUndefined())

  it.each([
    '1900-01-01',
    '1900',
    '1970-01-01',
    '1970-01-01T00:00:00Z',
    '1970-01-01T01:00:00+01:00',
    '1969-12-31T19:00:00-05:00',
    '9999-12-31',
    '2999-12',
    '0001-01-01',
  ])('drops the placeholder %s, whose shift would give the offset away', (text) =>
    expect(shiftDate(text, 5)).toBeUndefined(),
  )

  it('never leaves an offset but Z, which no season changes', () => {
    fc.assert(
      fc.property(anyDate, days, (text, by) => {
        expect(shiftDate(text, by)).toMatch(/^\d{4}(-\d\d(-\d\d(T[\d:.]+Z)?)?)?$/)
      }),
    )
  })

  it('moves a date with a time by whole days of 24 hours, to the last digit of the second', () => {
    fc.assert(
      fc.property(moment, days, (text, by) => {
        const shifted = shiftDate(text, by) ?? ''
        expect(nanoseconds(shifted) - nanoseconds(text)).toBe(BigInt(by) * dayNanoseconds)
      }),
    )
  })

  it('moves a date without a time by whole days', () => {
    fc.assert(
      fc.property(day, days, (text, by) => {
        expect(Date.parse(shiftDate(text, by) ?? '') - Date.parse(text)).toBe(by * 86_400_000)
      }),
    )
  })

  it('keeps order and distance of moments, in whatever zones they were written', () => {
    fc.assert(
      fc.property(moment, moment, days, (a, b, by) => {
        const [x, y] = [shiftDate(a, by) ?? '', shiftDate(b, by) ?? '']
        expect(nanoseconds(y) - nanoseconds(x)).toBe(nanoseconds(b) - nanoseconds(a))
      }),
    )
  })

  it('gives the same moment the same text, in whatever zone it was written', () => {
    fc.assert(
      fc.property(day, fc.integer({ min: -14 * 60, max: 14 * 60 }), days, (text, zone, by) => {
        const there = new Date(Date.parse(`${text}T12:34Z`) + zone * 60_000).toISOString().slice(0, 16)
        fc.pre(shiftDate(there.slice(0, 10), by) !== undefined)
        expect(shiftDate(`${there}:56.70${offset(zone)}`, by)).toBe(shiftDate(`${text}T12:34:56.70Z`, by))
      }),
    )
  })

  it('keeps the precision, digits of a second included', () => {
    fc.assert(
      fc.property(anyDate, days, (text, by) => {
        const shifted = shiftDate(text, by) ?? ''
        expect(precision(shifted)).toBe(precision(text))
        expect(/[\d.]*Z$/.exec(shifted)?.[0].slice(0, -1)).toBe(/:([\d.]+)(?:Z|[+-].{5})$/.exec(text)?.[1])
      }),
    )
  })

  it('keeps the order of dates of the same precision', () => {
    fc.assert(
      fc.property(anyDate, anyDate, days, (a, b, by) => {
        fc.pre(a.length === b.length && a.length <= 10 && a <= b)
        expect((shiftDate(a, by) ?? '') <= (shiftDate(b, by) ?? '')).toBe(true)
      }),
    )
  })
})

describe('the shift of a Period', () => {
  it.each([
    ['2024-03-20', '2024-03', 12, { start: '2024-04-01', end: '2024-04' }],
    ['2024-03', '2024-03-05', -10, { start: '2024-02', end: '2024-02-24' }],
    ['2024-12', '2024', 20, { start: '2025-01', end: '2025' }],
    ['2024-03-20', undefined, 1, { start: '2024-03-21' }],
    [undefined, '2024-03-20', 1, { end: '2024-03-21' }],
    ['2024-03-20', '2024-03-19', 1, { start: '2024-03-21' }],
    ['2024-03-20', '9999-12-31', 1, { start: '2024-03-21' }],
    [
      '2024-03-20T08:00:00+01:00',
      '2024-03-20T09:30:00+02:00',
      1,
      { start: '2024-03-21T07:00:00Z', end: '2024-03-21T07:30:00Z' },
    ],
    ['2024-03-20', '2024-03-20T00:30:00+02:00', 1, { start: '2024-03-20', end: '2024-03-20T22:30:00Z' }],
    ['2024-03-20T23:30:00-05:00', '2024-03-20', 1, { start: '2024-03-22T04:30:00Z', end: '2024-03-22' }],
  ])('moves %p to %p by %d days to %p', (start, end, by, expected) => {
    expect(shiftPeriod(start, end, by)).toEqual(expected)
  })

  it('never ends before it starts, and loses no end of a Period that is in order', () => {
    fc.assert(
      fc.property(anyDate, anyDate, days, (a, b, by) => {
        // whether a moment lies in a day depends on a zone that the day does not have
        fc.pre(covers(a)[0] + 86_400_000 < covers(b)[1])
        const { start, end } = shiftPeriod(a, b, by)
        expect(precision(start)).toBe(precision(a))
        expect(precision(end)).toBe(precision(b))
        expect(covers(start ?? '')[0]).toBeLessThanOrEqual(covers(end ?? '')[1])
      }),
      { numRuns: 1000 },
    )
  })
})

describe('the birth year', () => {
  it.each([
    ['1980-05-17', 10, '1980'],
    ['1980-12-30', 10, '1980'],
    ['1980', 300, '1981'],
    ['1980', -300, '1979'],
    ['1936', 300, '1936'],
    ['1936', -300, '1936'],
    ['1911-02-03', 300, '1936'],
    ['1890', 300, '1936'],
    ['1937', -300, '1936'],
    ['2027', 1, undefined],
    ['Dupont', 1, undefined],
  ])('of %s moved by %d days is %s in 2026', (text, by, expected) => {
    expect(shiftBirthYear(text, by, 2026)).toBe(expected)
  })

  it('is the same from the full date and from the year that lies at rest', () => {
    fc.assert(
      fc.property(day, days, (text, by) => {
        expect(shiftBirthYear(text, by, 2200)).toBe(shiftBirthYear(text.slice(0, 4), by, 2200))
      }),
    )
  })

  it('never tells that somebody is older than 90', () => {
    fc.assert(
      fc.property(day, days, fc.integer({ min: 2000, max: 2100 }), (text, by, clockYear) => {
        const year = shiftBirthYear(text, by, clockYear)
        if (year !== undefined) expect(clockYear - Number(year)).toBeLessThanOrEqual(90)
      }),
    )
  })
})
