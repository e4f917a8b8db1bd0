import type { FastifyReply, FastifyRequest } from 'fastify'
import { FhirError } from '../fhir/outcome.ts'
import type { Answer } from '../interactions/answer.ts'
import { parseHttpDate, parseNoneMatch, parseVersionTag } from '../interactions/preconditions.ts'
import type { FhirRequest, Preferences } from '../interactions/request.ts'
import { sendContent } from './binary.ts'
import { contentTypeOf, encode, type Format } from './format.ts'

type Preconditions = Pick<
  FhirRequest,
  'ifMatch' | 'ifNoneMatch' | 'ifModifiedSince' | 'ifNoneExist' | 'prefer'
>

/** Reads the headers that change what an interaction does. @throws FhirError 400 */
export function readHeaders(headers: FastifyRequest['headers']): Preconditions {
  const ifNoneMatch = headers['if-none-match']
  return {
    ifMatch: parseVersionTag(headers['if-match'], 'If-Match'),
    ifNoneMatch: parseNoneMatch(ifNoneMatch, 'If-None-Match'),
    ifModifiedSince: parseHttpDate(headers['if-modified-since'], 'If-Modified-Since'),
    ifNoneExist: oneOf(headers['if-none-exist'], 'If-None-Exist'),
    prefer: readPrefer(headers['prefer']),
  }
}

function oneOf(value: string | string[] | undefined, name: string): string | undefined {
  if (Array.isArray(value)) throw FhirError.invalid(`${name}: given twice`)
  return value
}

const returns = ['minimal', 'representation', 'OperationOutcome'] as const

/**
 * Reads `Prefer`. A preference that we do not know is no error.
 *
 * @see RFC 7240; FHIR R4 § RESTful API, "Prefer"
 */
export function readPrefer(header: string | string[] | undefined): Preferences {
  const preferences = new Map(
    [header ?? []].flat().flatMap((one) =>
      one.split(/[,;]/).map((preference): [string, string] => {
        const [name = '', value = ''] = preference.split('=')
        return [name.trim().toLowerCase(), value.trim().replace(/^"|"$/g, '')]
      }),
    ),
  )
  return {
    return: returns.find((one) => one === preferences.get('return')) ?? 'representation',
    handling: preferences.get('handling') === 'lenient' ? 'lenient' : 'strict',
    async: preferences.has('respond-async'),
  }
}

/**
 * Sends an answer. Nothing that is cached outlives the right to see it: `no-store`.
 *
 * @param format `content`: that of a Binary, as it is
 */
export function sendAnswer(
  reply: FastifyReply,
  answer: Answer,
  base: string,
  format: Format | 'content',
): void {
  const { status, version, lastModified, location, body } = answer
  void reply.status(status).header('Cache-Control', 'no-store')
  if (version !== undefined) void reply.header('ETag', `W/"${version}"`)
  if (lastModified !== undefined) void reply.header('Last-Modified', lastModified.toUTCString())
  if (location !== undefined) void reply.header('Location', `${base}/${location}`)
  addVary(reply, 'Accept')
  if (body === undefined) void reply.send()
  else if (format === 'content') sendContent(reply, body)
  else void reply.type(contentTypeOf(format)).send(encode(body, format))
}

/** Says of an answer that it depends on a header of the request. */
export function addVary(reply: FastifyReply, header: string): void {
  const already = [reply.getHeader('Vary') ?? []].flat()
  void reply.header('Vary', [...already, header].join(', '))
}
