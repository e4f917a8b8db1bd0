import fc from 'fast-check'
import { eventMac, noMac, parseTails, printTails } from '../../src/audit/chain.ts'
import type { EventRow, HeaderRow } from '../../src/audit/rows.ts'
import { check, key, trailOf, type MemoryTrail } from './support.ts'

const chain = '00000000-0000-4000-8000-000000000000'
const other = '00000000-0000-4000-8000-000000000001'
const sound = trailOf([4, 3, 0, 5])

describe('the MAC of an event', () => {
  const event = { chain, sequence: 1, recordedAt: new Date(0), body: '{}' }

  it.each([
    ['chain', eventMac(key, { ...event, chain: other }, noMac)],
    ['sequence', eventMac(key, { ...event, sequence: 2 }, noMac)],
    ['time', eventMac(key, { ...event, recordedAt: new Date(1) }, noMac)],
    ['body', eventMac(key, { ...event, body: '{ }' }, noMac)],
    ['predecessor', eventMac(key, event, Buffer.alloc(32, 1))],
    ['key', eventMac(Buffer.alloc(32, 8), event, noMac)],
  ])('is another for another %s', (_, mac) => {
    expect(mac).not.toEqual(eventMac(key, event, noMac))
  })

  it('refuses a predecessor of another length, which could shift the fields', () => {
    expect(() => eventMac(key, event, Buffer.alloc(31))).toThrow(TypeError)
  })

  it('stays what it was, so that old trails can be verified', () => {
    expect(eventMac(key, event, noMac).toString('hex')).toBe(
      'a4059a628b599d18d8190546e907db889a347f692708e3f53511a6bee4b73f8f',
    )
  })
})

describe('printed tails', () => {
  const tails = fc.array(
    fc.record({
      chain: fc.uuid(),
      sequence: fc.maxSafeNat(),
      mac: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
    }),
  )

  it('are read back as they were', () => {
    fc.assert(fc.property(tails, (some) => expect(parseTails(printTails(some))).toEqual(some)))
  })

  it.each(['x', `${chain} 1 00\n`, `${printTails([{ chain, sequence: 1, mac: noMac }])}x`])(
    'are not read when a line is not in their form',
    (text) => {
      expect(parseTails(text)).toBeUndefined()
    },
  )
})

describe('a trail', () => {
  it('that nobody touched has no fault', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 6 }), { maxLength: 5 }), (lengths) => {
        const { faults, events, chains } = check(trailOf(lengths))
        expect(faults).toEqual([])
        expect(events).toBe(lengths.reduce((sum, length) => sum + length, 0))
        expect(chains).toBe(lengths.length)
      }),
    )
  })

  it('has a fault after any single change of an event', () => {
    fc.assert(
      fc.property(eventIndex(), eventChange(), (index, change) => {
        const events = sound.events.map((event, at) => (at === index ? change(event) : event))
        fc.pre(!equal(events[index], sound.events[index]))
        expect(check({ ...sound, events }).faults).not.toEqual([])
      }),
      { numRuns: 2000 },
    )
  })

  it('has a fault after any single change of a chain’s header', () => {
    fc.assert(
      fc.property(fc.nat({ max: sound.headers.length - 1 }), headerChange(), (index, change) => {
        const headers = sound.headers.map((header, at) => (at === index ? change(header) : header))
        fc.pre(!equal(headers[index], sound.headers[index]))
        expect(check({ ...sound, headers }).faults).not.toEqual([])
      }),
      { numRuns: 1000 },
    )
  })

  it('has a fault after any events were removed', () => {
    fc.assert(
      fc.property(fc.subarray([...sound.events], { maxLength: sound.events.length - 1 }), (events) => {
        expect(check({ ...sound, events }).faults).not.toEqual([])
      }),
    )
  })

  it('has a fault after a header was removed, even with all events and the anchor of its chain', () => {
    for (const { chain: removed } of sound.headers.slice(0, -1)) {
      const kept = <Row extends { chain: string }>(rows: readonly Row[]) =>
        rows.filter((row) => row.chain !== removed)
      const anchors = new Map([...sound.anchors].filter(([name]) => !name.startsWith(removed)))
      const rest = { headers: kept(sound.headers), events: kept(sound.events), anchors }
      expect(check(rest).faults).not.toEqual([])
    }
  })

  it('has a fault after two events changed places', () => {
    fc.assert(
      fc.property(eventIndex(), eventIndex(), (left, right) => {
        fc.pre(left !== right)
        expect(check({ ...sound, events: swapped(left, right) }).faults).not.toEqual([])
      }),
    )
  })

  it('has a fault after an event was written a second time, elsewhere', () => {
    fc.assert(
      fc.property(eventIndex(), fc.constantFrom(...sound.headers), (index, header) => {
        const sequence = 1 + sound.events.filter((event) => event.chain === header.chain).length
        const copy = { ...at(index), chain: header.chain, sequence }
        expect(check({ ...sound, events: [...sound.events, copy] }).faults).toEqual([
          { kind: 'broken', chain: header.chain, sequence },
        ])
      }),
    )
  })
})

describe('the place of a fault', () => {
  const at2 = (event: EventRow) => event.chain === chain && event.sequence === 2

  it('is the event that was changed', () => {
    const events = sound.events.map((event) => (at2(event) ? { ...event, body: '{}' } : event))
    expect(check({ ...sound, events }).faults).toEqual([{ kind: 'broken', chain, sequence: 2 }])
  })

  it('is the event that is not there', () => {
    const events = sound.events.filter((event) => !at2(event))
    expect(check({ ...sound, events }).faults).toEqual([{ kind: 'missing', chain, sequence: 2 }])
  })

  it('is the last event of a chain that its anchor alone remembers', () => {
    const last = sound.headers.at(-1)?.chain ?? ''
    const events = sound.events.filter((event) => !(event.chain === last && event.sequence > 2))
    expect(check({ ...sound, events }).faults).toEqual([{ kind: 'missing', chain: last, sequence: 5 }])
  })

  it('is the last event that a later chain witnessed, without any anchor', () => {
    const events = sound.events.filter((event) => !(event.chain === other && event.sequence > 1))
    const cut = check({ ...sound, events, anchors: new Map() })
    expect(cut.faults).toEqual([{ kind: 'missing', chain: other, sequence: 3 }])
  })

  it('is the chain whose header is gone, for its events', () => {
    const headers = sound.headers.slice(0, -1)
    const last = sound.headers.at(-1)?.chain ?? ''
    const faults = check({ headers, events: sound.events, anchors: new Map() }).faults
    expect(faults).toEqual([{ kind: 'stray', chain: last, sequence: 1 }])
  })

  it('is the anchor that cannot be read', () => {
    const anchors = new Map([...sound.anchors, ['x.anchor', undefined] as const])
    expect(check({ ...sound, anchors } as MemoryTrail).faults).toEqual([
      { kind: 'anchor', chain: 'x.anchor', sequence: 0 },
    ])
  })
})

function eventIndex() {
  return fc.nat({ max: sound.events.length - 1 })
}

function at(index: number): EventRow {
  const event = sound.events[index]
  if (!event) throw new TypeError('no such event')
  return event
}

function bytes() {
  return fc.uint8Array({ minLength: 0, maxLength: 40 }).map((some) => Buffer.from(some))
}

function eventChange() {
  return fc.oneof(
    fc.string().map((body) => (event: EventRow) => ({ ...event, body })),
    fc.integer({ min: 1, max: 9 }).map((sequence) => (event: EventRow) => ({ ...event, sequence })),
    fc.nat().map((time) => (event: EventRow) => ({ ...event, recordedAt: new Date(time) })),
    bytes().map((mac) => (event: EventRow) => ({ ...event, mac })),
    fc
      .constantFrom(...sound.headers.map((header) => header.chain), '00000000-0000-4000-8000-00000000ffff')
      .map((moved) => (event: EventRow) => ({ ...event, chain: moved })),
    fc.nat({ max: 255 }).map((bit) => (event: EventRow) => {
      const mac = Buffer.from(event.mac)
      mac.writeUInt8(mac.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      return { ...event, mac }
    }),
  )
}

function headerChange() {
  return fc.oneof(
    fc.uuid().map((moved) => (header: HeaderRow) => ({ ...header, chain: moved })),
    fc.integer({ min: 1, max: 9 }).map((ordinal) => (header: HeaderRow) => ({ ...header, ordinal })),
    fc.nat().map((time) => (header: HeaderRow) => ({ ...header, startedAt: new Date(time) })),
    fc.string().map((witnessed) => (header: HeaderRow) => ({ ...header, witnessed })),
    fc.constant((header: HeaderRow) => ({ ...header, witnessed: '' })),
    bytes().map((mac) => (header: HeaderRow) => ({ ...header, mac })),
  )
}

function swapped(left: number, right: number): EventRow[] {
  const place = ({ chain: where, sequence }: EventRow) => ({ chain: where, sequence })
  return sound.events.map((event, index) => {
    if (index === left) return { ...at(right), ...place(event) }
    if (index === right) return { ...at(left), ...place(event) }
    return event
  })
}

function equal(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right)
}
