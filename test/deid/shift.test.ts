import fc from 'fast-check'
import { shiftBirthYear, shiftDate, shiftPeriod } from '../../src/deid/shift.ts'

const days = fc.integer({ min: 1, max: 365 }).chain((n) => fc.constantFrom(n, -n))
const day = fc
  .integer({ min: Date.UTC(1912, 0, 1) / 86_400_000, max: Date.UTC(2140, 0, 1) / 86_400_000 })
  .map((n) => new Date(n * 86_400_000).toISOString().slice(0, 10))
  .filter((text) => shiftDate(text, 1) !== undefined)
const time = fc
  .tuple(
    fc.integer({ min: 0, max: 86_399_999 }),
    fc.constantFrom('Z', '+01:00', '+02:00', '-05:30', '+14:00'),
    fc.constantFrom(0, 1, 3),
  )
  .map(([ms, zone, fraction]) => {
    const text = new Date(ms).toISOString().slice(11, 19)
    return `T${text}${fraction ? '.' + '7'.repeat(fraction) : ''}${zone}`
  })
const anyDate = fc.oneof(
  day,
  fc.tuple(day, time).map(([date, clock]) => date + clock),
  day.map((date) => date.slice(0, 7)),
  day.map((date) => date.slice(0, 4)),
)

/** [first, last] moment a FHIR date covers, in ms. */
function covers(text: string): readonly [number, number] {
  if (text.length > 10) return [Date.parse(text), Date.parse(text)]
  const [year = 0, month, date] = text.split('-').map(Number)
  if (month === undefined) return [Date.UTC(year, 0, 1), Date.UTC(year + 1, 0, 1) - 1]
  if (date === undefined) return [Date.UTC(year, month - 1, 1), Date.UTC(year, month, 1) - 1]
  return [Date.UTC(year, month - 1, date), Date.UTC(year, month - 1, date + 1) - 1]
}

describe('the shift of a date', () => {
  it.each([
    ['2024-03-01', -1, '2024-02-29'],
    ['2023-12-31', 1, '2024-01-01'],
    ['2024-03-10T08:30:00+01:00', 30, '2024-04-09T08:30:00+01:00'],
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
    '9999-12-31',
    '2999-12',
    '0001-01-01',
  ])('drops the placeholder %s, whose shift would give the offset away', (text) =>
    expect(shiftDate(text, 5)).toBeUndefined(),
  )

  it('keeps every interval between days and between moments exact', () => {
    const pair = fc.oneof(
      fc.tuple(day, day),
      fc.tuple(fc.tuple(day, time), fc.tuple(day, time)).map((two) => two.map((one) => one.join(''))),
    )
    fc.assert(
      fc.property(pair, days, ([a = '', b = ''], by) => {
        const [x, y] = [shiftDate(a, by) ?? '', shiftDate(b, by) ?? '']
        // Date.parse knows three digits of a fraction; both sides carry the same ones
        expect(Date.parse(y) - Date.parse(x)).toBe(Date.parse(b) - Date.parse(a))
        expect(Date.parse(x) - Date.parse(a)).toBe(by * 86_400_000)
      }),
    )
  })

  it('keeps the precision and everything after the day', () => {
    fc.assert(
      fc.property(anyDate, days, (text, by) => {
        const shifted = shiftDate(text, by) ?? ''
        expect(shifted).toHaveLength(text.length)
        expect(shifted.slice(10)).toBe(text.slice(10))
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
  ])('moves %p to %p by %d days to %p', (start, end, by, expected) => {
    expect(shiftPeriod(start, end, by)).toEqual(expected)
  })

  it('never ends before it starts, and loses no end of a Period that is in order', () => {
    fc.assert(
      fc.property(anyDate, anyDate, days, (a, b, by) => {
        // an hour of difference between zones is not what is tried here
        fc.pre(covers(a)[0] + 86_400_000 < covers(b)[1])
        const { start, end } = shiftPeriod(a, b, by)
        expect(start?.length).toBe(a.length)
        expect(end?.length).toBe(b.length)
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
