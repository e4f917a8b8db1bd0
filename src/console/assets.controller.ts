import { Controller, Get, Header } from '@nestjs/common'
import { stylesheet, stylesheetPath } from './stylesheet.ts'

/** What pages load. */
@Controller()
export class AssetsController {
  @Get(stylesheetPath)
  @Header('Content-Type', 'text/css; charset=utf-8')
  @Header('Cache-Control', 'public, max-age=31536000, immutable')
  style(): string {
    return stylesheet
  }
}
