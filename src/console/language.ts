import type { FastifyRequest } from 'fastify'

/** The languages that pages are written in. */
export const languages = ['fr', 'en'] as const
export type Language = (typeof languages)[number]

export const languageCookie = 'coffre_language'

/**
 * The language of a page: what the person chose (`?lang=`), what they chose before (a cookie), what their
 * browser asks for (RFC 9110 § 12.5.4), else French.
 */
export function languageOf(request: Pick<FastifyRequest, 'query' | 'headers' | 'cookies'>): Language {
  const { lang } = request.query as { lang?: unknown }
  const chosen = [lang, request.cookies[languageCookie]].find(isLanguage)
  return chosen ?? accepted(request.headers['accept-language'] ?? '') ?? 'fr'
}

export function isLanguage(text: unknown): text is Language {
  return languages.some((language) => language === text)
}

function accepted(header: string): Language | undefined {
  const ranges = header.split(',').map((range) => {
    const [tag = '', ...parameters] = range
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/)
    const weight = parameters.find((parameter) => parameter.startsWith('q='))
    return { language: tag.split('-')[0], weight: weight === undefined ? 1 : Number(weight.slice(2)) }
  })
  const wanted = ranges.filter(({ weight }) => weight > 0).sort((left, right) => right.weight - left.weight)
  return wanted.map(({ language }) => language).find(isLanguage)
}
