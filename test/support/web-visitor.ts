/** Someone with a browser of their own: language, width, theme and profile. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { en } from '../../web/src/i18n/en.ts'
import { ko } from '../../web/src/i18n/ko.ts'

export const languages = { ko, en } as const
export type Language = keyof typeof languages

export interface Visitor {
  readonly context: BrowserContext
  readonly page: Page
  /** What the browser complained of so far, and forgets. */
  readonly complaints: () => readonly string[]
  /** Ends when the page has all it shows. */
  readonly open: (path: string) => Promise<void>
}

export interface VisitorOptions {
  /** Of the server, without a slash at its end. */
  readonly url: string
  /** Id of the subscriber who watches; of someone new where it begins with `guest-`. */
  readonly profile: string
  readonly language?: Language
  readonly width?: number
  readonly dark?: boolean
  /** Of the browser. */
  readonly zone?: string
}

export async function newVisitor(
  browser: Browser,
  { url, profile, language = 'en', width = 1280, dark = false, zone = 'Asia/Seoul' }: VisitorOptions,
): Promise<Visitor> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    locale: language === 'ko' ? 'ko-KR' : 'en-US',
    timezoneId: zone,
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  })
  const setting = JSON.stringify(JSON.stringify({ user: profile, guest: profile.startsWith('guest-') }))
  await context.addInitScript(`localStorage.getItem('matinee.profile') ?? localStorage.setItem('matinee.profile', ${setting})`)
  const page = await context.newPage()
  const said: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') said.push(`${message.type()} at ${page.url()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => said.push(`${page.url()}: ${error.message}`))
  return {
    context,
    page,
    complaints: () => said.splice(0),
    async open(path) {
      await page.goto(`${url}${path}`)
      await settled(page)
    },
  }
}

/** Every panel has what it shows: nothing is a placeholder any more, and charts are drawn. */
export async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor()
  // Not by a function that the page would have to compile: its content security policy forbids that.
  await page.locator('.placeholder, .placeholder-card, [aria-busy=true]').first().waitFor({ state: 'detached' })
}
