/** What operations of terminology answer, as far as tests look at it. */

export interface Parameters {
  readonly parameter: readonly Parameter[]
}

export interface Parameter {
  readonly name: string
  readonly part?: readonly Parameter[]
  readonly [value: string]: unknown
}

export interface Contains {
  readonly code: string
  readonly display?: string
  readonly contains?: readonly Contains[]
}

export interface Expanded {
  readonly url?: string
  readonly compose?: object
  readonly expansion: {
    readonly identifier: string
    readonly timestamp: string
    readonly total: number
    readonly offset?: number
    readonly parameter?: readonly Parameter[]
    readonly contains?: readonly Contains[]
  }
}

/** The value of an output; of one with parts its name, then their values. */
export function valueOf({ name, part, ...value }: Parameter): unknown {
  return part ? [name, ...part.map(valueOf)] : Object.values(value)[0]
}
