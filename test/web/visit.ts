/** What all tests of the web app share: one site after real runs, one browser, and questions to both. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import type { Program, Programs, Users } from '../../client/schema.ts'
import { en } from '../../web/src/i18n/en.ts'
import { launchChromium } from '../support/chromium.ts'
import { keys, startSite, trainedWeeks, type Site } from '../support/web-site.ts'
import { newVisitor, type Visitor, type VisitorOptions } from '../support/web-visitor.ts'
import { waitFor } from '../support/wait-for.ts'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export let site: Site
export let browser: Browser
/** Came before anything was trained. */
export let early: Visitor
/** Someone whom the model knows, with the most to show. */
export let user: string
export let program: Program
/** Of all titles. */
export let names: readonly string[]

before(async () => {
  ;[site, browser] = await Promise.all([startSite(), launchChromium()])
  early = await newVisitor(browser, { url: site.url, profile: 'guest-early' })
  await early.page.goto(site.url)
  await early.page.getByText(en.problem.codes.model_missing).waitFor()
  await Promise.all([site.trainWeeks(trainedWeeks), site.trainQuestionnaire()])
  for (const url of [site.url, site.keyedUrl])
    for (const path of ['/v1/models/latest', '/v1/questionnaire'])
      await waitFor(`${path} of the newest week`, async () => {
        const response = await fetch(`${url}${path}`, { headers: { 'x-api-key': keys.read } })
        return response.ok && (await response.text()).includes(path.endsWith('latest') ? `"${trainedWeeks[1]}"` : '"questions"')
          ? true
          : undefined
      })
  const { items } = await ask<Users>('/v1/users?limit=100')
  user = items.toSorted((a, b) => b.watched - a.watched)[0]?.user ?? ''
  const { items: programs } = await ask<Programs>('/v1/programs?limit=100')
  program = programs[0] as Program
  names = programs.map(({ program_name: name }) => name ?? '').filter((name) => /[A-Za-z]/.test(name))
})
after(async () => {
  await browser?.close()
  await site?.stop()
})

/** What the API says: the tests hold what is shown against it. */
export async function ask<Answer>(path: string, key?: string): Promise<Answer> {
  const response = await fetch(
    `${key === undefined ? site.url : site.keyedUrl}${path}`,
    key === undefined ? {} : { headers: { 'x-api-key': key } },
  )
  assert.equal(response.status, 200, path)
  return (await response.json()) as Answer
}

export const visitor = (options: Partial<VisitorOptions> = {}): Promise<Visitor> =>
  newVisitor(browser, { url: site.url, profile: user, ...options })

/** Charts follow the window's width a moment later. */
export async function expectFitting(page: Page, what: string): Promise<void> {
  const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
  await waitFor(`${what} to fit the window`, async () => ((await page.evaluate(overflow)) === 0 ? true : undefined), 10_000)
}

/** @param rules those to look at; without any, all */
export async function expectAccessible(page: Page, what: string, rules: readonly string[] = []): Promise<void> {
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(axeSource)
  const only = rules.length === 0 ? '' : `, runOnly: ${JSON.stringify(rules)}`
  const found = (await page.evaluate(
    `axe.run({ resultTypes: ["violations"]${only} }).then(({ violations }) => violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html.slice(0, 200)).slice(0, 3).join(" | ")))`,
  )) as readonly string[]
  assert.deepEqual(found, [], `${what}: axe`)
}

export const texts = (page: Page, selector: string): Promise<string[]> => page.locator(selector).allInnerTexts()
export const tableOf = (page: Page, caption: string) => page.getByRole('table', { name: caption, exact: true }).first()
export const rowsOf = async (page: Page, caption: string): Promise<string[][]> => {
  const rows = await tableOf(page, caption).locator('tbody tr').all()
  return Promise.all(rows.map(async (row) => (await row.locator('th, td').allInnerTexts()).map((cell) => cell.trim())))
}

/** Texts with two English words side by side. Names of titles, tables, models and what is marked as English may hold such. */
export async function englishIn(page: Page): Promise<readonly string[]> {
  const found = (await page.evaluate(`(() => {
    const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT)
    const found = new Set()
    while (texts.nextNode()) if (/[A-Za-z]{3,} [A-Za-z]{2,}/.test(texts.currentNode.data)) found.add(texts.currentNode.data.trim())
    return [...found]
  })()`)) as readonly string[]
  return found.filter((text) => !names.some((name) => text.includes(name)))
}
