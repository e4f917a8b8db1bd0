import { readSettings, SettingsError } from '../../src/config.ts'

const start = (COFFRE_PUBLIC_URL: string) => readSettings({ COFFRE_PUBLIC_URL }).publicUrl

describe('A10: COFFRE_PUBLIC_URL', () => {
  it.each(['https://coffre.example', 'http://localhost:8080', 'http://127.0.0.1:8080', 'http://[::1]:8080'])(
    'may be %s',
    (url) => expect(start(url)).toBe(url),
  )

  it.each([
    'http://coffre.example',
    'http://10.0.0.1:8080',
    'http://localhost.example',
    'http://127.0.0.1.example',
    'http://coffre.localhost',
    'http://localhost@coffre.example',
  ])('stops the start when it is %s, where tokens would go in clear', (url) => {
    expect(() => start(url)).toThrow(
      new SettingsError('COFFRE_PUBLIC_URL: must be https unless the host is loopback'),
    )
  })

  it.each(['https://coffre.example/?a=b', 'https://coffre.example/#a', 'https://user@coffre.example'])(
    'stops the start when it is %s, to which no path can be added',
    (url) => expect(() => start(url)).toThrow(SettingsError),
  )
})
