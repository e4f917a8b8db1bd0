import { isListedUrl } from '../../src/interactions/listed-url.ts'

const listed = ['https://ehr.example/hooks/', 'http://localhost:8081/']

describe('a URL that this server may call', () => {
  it.each(['https://ehr.example/hooks/a', 'https://EHR.example/hooks/a?b=c', 'http://localhost:8081/a/../b'])(
    'is %s',
    (url) => expect(isListedUrl(listed, url)).toBe(true),
  )

  it.each([
    ...['https://ehr.example/', 'https://ehr.example/hooks', 'https://ehr.example.evil/hooks/a'],
    ...['https://ehr.example@evil.example/hooks/', 'https://user:word@ehr.example/hooks/a'],
    ...[
      'https://ehr.example/hooks/../admin',
      'https://ehr.example/hooks/..%2fadmin',
      'https://ehr.example/hooks/%2e%2e/x',
    ],
    ...[
      'https://ehr.example/hooks/..\\admin',
      'http://ehr.example/hooks/a',
      'http://localhost:80811/',
      'no URL',
      '',
    ],
    `https://ehr.example/hooks/${'a'.repeat(2_000)}`,
  ])('is not %s', (url) => expect(isListedUrl(listed, url)).toBe(false))
})
