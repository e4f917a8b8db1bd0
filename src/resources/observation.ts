import type { Room } from './room.ts'

/** Observation: a value at a time, asked for by patient and date more often than all else together. */
export const observation: Room = { type: 'Observation', mainDate: 'date', mainQuantity: 'value-quantity' }
