import fc from 'fast-check'
import { interval } from '../../../src/fhir/search/interval.ts'
import { FhirError } from '../../../src/fhir/outcome.ts'

const paris = 'Europe/Paris'

function iso([low, high]: readonly [number, number]): string {
  return `${new Date(low).toISOString()} ${new Date(high).toISOString()}`
}

describe('A FHIR date covers', () => {
  it.each([
    ['2024', 'UTC', '2024-01-01T00:00:00.000Z 2025-01-01T00:00:00.000Z'],
    ['2024-02', 'UTC', '2024-02-01T00:00:00.000Z 2024-03-01T00:00:00.000Z'],
    ['2024-12', 'UTC', '2024-12-01T00:00:00.000Z 2025-01-01T00:00:00.000Z'],
    ['2024-02-29', 'UTC', '2024-02-29T00:00:00.000Z 2024-03-01T00:00:00.000Z'],
    ['2000-02-29', 'UTC', '2000-02-29T00:00:00.000Z 2000-03-01T00:00:00.000Z'],
    ['2024-05-06T07:08Z', paris, '2024-05-06T07:08:00.000Z 2024-05-06T07:09:00.000Z'],
    ['2024-05-06T07:08:09+02:00', 'UTC', '2024-05-06T05:08:09.000Z 2024-05-06T05:08:10.000Z'],
    ['2024-05-06T07:08:09.5-03:30', 'UTC', '2024-05-06T10:38:09.500Z 2024-05-06T10:38:09.600Z'],
    ['2024-05-06T07:08:09.123Z', paris, '2024-05-06T07:08:09.123Z 2024-05-06T07:08:09.124Z'],
    ['2024-05-06T07:08:09.123999Z', paris, '2024-05-06T07:08:09.123Z 2024-05-06T07:08:09.124Z'],
    ['2016-12-31T23:59:60Z', paris, '2017-01-01T00:00:00.000Z 2017-01-01T00:00:01.000Z'],
    // without an offset: the clock of the zone
    ['2024-01-15', paris, '2024-01-14T23:00:00.000Z 2024-01-15T23:00:00.000Z'],
    ['2024', paris, '2023-12-31T23:00:00.000Z 2024-12-31T23:00:00.000Z'],
    ['2024-07-15T08:00:00', paris, '2024-07-15T06:00:00.000Z 2024-07-15T06:00:01.000Z'],
    // the days on which clocks change have 23 and 25 hours
    ['2024-03-31', paris, '2024-03-30T23:00:00.000Z 2024-03-31T22:00:00.000Z'],
    ['2024-10-27', paris, '2024-10-26T22:00:00.000Z 2024-10-27T23:00:00.000Z'],
    // 02:30 comes twice: the first; or never: the change
    ['2024-10-27T02:30:00', paris, '2024-10-27T00:30:00.000Z 2024-10-27T00:30:01.000Z'],
    ['2024-10-27T01:59:00', paris, '2024-10-26T23:59:00.000Z 2024-10-26T23:59:01.000Z'],
    ['2024-10-27T03:00:00', paris, '2024-10-27T02:00:00.000Z 2024-10-27T02:00:01.000Z'],
    ['2024-03-31T02:30:00', paris, '2024-03-31T01:00:00.000Z 2024-03-31T01:00:01.000Z'],
    ['2024-03-31T03:00:00', paris, '2024-03-31T01:00:00.000Z 2024-03-31T01:00:01.000Z'],
    // where midnight does not exist the day begins at one, where it comes twice at the first
    ['2017-10-15', 'America/Sao_Paulo', '2017-10-15T03:00:00.000Z 2017-10-16T02:00:00.000Z'],
    ['2024-11-03', 'America/Havana', '2024-11-03T04:00:00.000Z 2024-11-04T05:00:00.000Z'],
    // before standard time, Paris was 9 min 21 s ahead
    ['1900-01-01', paris, '1899-12-31T23:50:39.000Z 1900-01-01T23:50:39.000Z'],
    ['0001', 'UTC', '0001-01-01T00:00:00.000Z 0002-01-01T00:00:00.000Z'],
  ])('%s in %s: %s', (value, zone, expected) => {
    expect(iso(interval(value, zone))).toBe(expected)
  })
})

describe('No FHIR date is', () => {
  it.each([
    '',
    '0000',
    '24',
    '2024-1',
    '2024-00',
    '2024-13',
    '2024-02-30',
    '2023-02-29',
    '1900-02-29',
    '2024-04-31',
    '2024-01-00',
    '2024-01-01T',
    '2024-01-01T10',
    '2024-01-01T24:00:00Z',
    '2024-01-01T10:60:00Z',
    '2024-01-01T10:00:61Z',
    '2024-01-01T10:00:00.Z',
    '2024-01-01T10:00:00+14:01',
    '2024-01-01T10:00:00+0100',
    '2024-01-01 10:00:00Z',
    '2024-01-01Z',
    '20240101',
    ' 2024',
    '２０２４',
  ])('%j, refused without repeating it', (value) => {
    expect(() => interval(value, paris)).toThrow(FhirError)
    expect(() => interval(value, paris)).toThrow('expected a FHIR date, dateTime or instant')
  })
})

describe('The interval of a date', () => {
  const zones = fc.constantFrom(paris, 'UTC', 'America/Sao_Paulo', 'Australia/Lord_Howe', 'Asia/Kathmandu')
  const instants = fc.date({ min: new Date('1905-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })

  it('holds the instant that it was written from, to the millisecond', () => {
    fc.assert(
      fc.property(instants, (instant) => {
        expect(interval(instant.toISOString(), paris)).toEqual([instant.getTime(), instant.getTime() + 1])
      }),
    )
  })

  it('lies in that of every shorter form of the same date', () => {
    fc.assert(
      fc.property(instants, zones, fc.boolean(), (instant, zone, hasOffset) => {
        const text = instant.toISOString()
        // cut at year, month, day, minutes, seconds, tenths; an offset is possible from the minutes on
        const forms = [4, 7, 10, 16, 19, 21, 23].map((length) =>
          interval(text.slice(0, length) + (hasOffset && length > 10 ? 'Z' : ''), hasOffset ? 'UTC' : zone),
        )
        for (const [index, [low, high]] of forms.entries()) {
          const [outerLow, outerHigh] = forms[index - 1] ?? [low, high]
          expect(low).toBeLessThan(high)
          expect(outerLow).toBeLessThanOrEqual(low)
          expect(high).toBeLessThanOrEqual(outerHigh)
        }
      }),
    )
  })

  it('ends where that of the next day begins, whatever the clocks do', () => {
    fc.assert(
      fc.property(instants, zones, (instant, zone) => {
        const today = instant.toISOString().slice(0, 10)
        const tomorrow = new Date(instant.getTime() + 86_400_000).toISOString().slice(0, 10)
        expect(interval(today, zone)[1]).toBe(interval(tomorrow, zone)[0])
      }),
    )
  })
})
