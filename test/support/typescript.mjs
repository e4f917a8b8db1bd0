import { register } from 'node:module'

// `node --import` of this runs TypeScript as the tests do, for programs that are processes of their own
register('./typescript-loader.mjs', import.meta.url)
