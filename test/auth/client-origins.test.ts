import { originsOf } from '../../src/auth/clients/client-origins.ts'

describe('A9: the origins of a client', () => {
  it('are those that it lists', () => {
    const metadata = {
      allowed_origins: ['https://app.example'],
      redirect_uris: ['https://other.example/back'],
    }
    expect(originsOf(metadata)).toEqual(['https://app.example'])
  })

  it('are those that it is sent back to as well, when it has no secret', () => {
    const metadata = {
      allowed_origins: ['https://app.example'],
      redirect_uris: [
        'https://spa.example/back?a=b',
        'http://localhost:9000/',
        'com.example.app:/back',
        'nonsense',
      ],
      token_endpoint_auth_method: 'none',
    }
    expect(originsOf(metadata)).toEqual([
      'https://app.example',
      'https://spa.example',
      'http://localhost:9000',
    ])
  })

  it('are none when it says nothing of them', () => {
    expect(originsOf({})).toEqual([])
  })
})
