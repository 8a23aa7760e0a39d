/**
 * `npm run screenshots [DIR]`: pictures of every page for docs/web.md, from real runs, taken where a page looks different: with
 * nothing trained, after one week, and after thirty. Some titles are given long names first.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { connect } from '../src/adapters/database/connect.ts'
import { addWeeks, parseWeek, weeksBetween } from '../src/contracts/week.ts'
import { launchChromium } from '../test/support/chromium.ts'
import { startSite, type Site } from '../test/support/web-site.ts'
import type { Models, Programs, Recommendations, Runs, Users } from '../client/schema.ts'
import { newVisitor, type Language } from '../test/support/web-visitor.ts'
import { waitFor } from '../test/support/wait-for.ts'

const directory = resolve(process.argv[2] ?? fileURLToPath(new URL('../docs/web', import.meta.url)))
/** The logs go a few weeks further: in this one a personal model wins. */
const newest = parseWeek('2023-W50')
const oldest = addWeeks(newest, -29)
const size = ['--users', '400', '--programs', '160', '--rows', '60000', '--weeks', '36'] as const

const longNames = [
  '바람이 머무는 언덕 위의 작은 집에서 할머니와 손녀가 함께 보낸 스무 번째 여름날의 기록, 그리고 남은 이야기 (감독판)',
  '세계테마기행스페셜아시아의숨은비경을찾아서띄어쓰기없이길게이어지는제목',
  'The Uncommonly Long and Winding Story of a Title That Nobody Could Ever Fit on a Poster: Season Two, Episode Twelve',
] as const

interface Look {
  readonly language: Language
  readonly width: number
  readonly dark: boolean
}
const phone: Look = { language: 'ko', width: 360, dark: true }
const desk: Look = { language: 'en', width: 1280, dark: false }

await rm(directory, { recursive: true, force: true })
await mkdir(directory, { recursive: true })
const [site, browser] = await Promise.all([startSite(size), launchChromium()])
try {
  await giveLongNames(site)
  await take(browser, 'empty', [
    ['home', '/'],
    ['overview', '/operator'],
    ['models', '/operator/models'],
  ])
  await site.trainWeeks([oldest])
  await served(oldest)
  await take(browser, 'one-week', [
    ['overview', '/operator'],
    ['models', '/operator/models'],
    ['data-quality', '/operator/data-quality'],
    ['report', `/operator/reports/${oldest}`],
  ])
  await Promise.all([site.trainWeeks(weeksBetween(addWeeks(oldest, 1), newest)), site.trainQuestionnaire()])
  await served(newest)
  const held = await site.pipeline.matinee('run', '--week', addWeeks(oldest, -1))
  if (held.exitCode !== 0) throw new Error(held.stderr)
  await waitFor(
    'a held run',
    async () => ((await ask<Runs>('/v1/runs')).items.some(({ stage }) => stage === 'held') ? true : undefined),
    120_000,
  )
  const [users, programs, models] = await Promise.all([
    ask<Users>('/v1/users?limit=100'),
    ask<Programs>('/v1/programs?limit=1'),
    ask<Models>('/v1/models'),
  ])
  const user = users.items.find(({ watched }) => watched >= 20 && watched <= 40)?.user ?? ''
  const title = programs.items[0]?.program_id ?? ''
  await beginToWatch(user)
  await take(
    browser,
    '',
    [
      ['home', '/'],
      ['profiles', '/profiles'],
      ['title', `/title/${title}`],
      ['questionnaire', '/questionnaire'],
      ['overview', '/operator'],
      ['runs', '/operator/runs'],
      ['run', `/operator/runs/${newest}`],
      ['held-run', `/operator/runs/${addWeeks(oldest, -1)}`],
      ['data-quality', '/operator/data-quality'],
      ['models', '/operator/models'],
      ['model', `/operator/models/${models.items[0]?.version ?? ''}`],
      ['report', '/operator/reports'],
      ['user', `/operator/users/${user}?max_age=12`],
      ['titles', '/operator/titles'],
      ['inspected-title', `/operator/titles/${title}`],
      ['service', '/operator/service'],
    ],
    user,
  )
  await take(browser, '', [['sign-in', '/sign-in']], user, site.keyedUrl)
} finally {
  await browser.close()
  await site.stop()
}

async function take(
  chromium: Browser,
  state: string,
  pages: readonly (readonly [name: string, path: string])[],
  profile = 'guest-of-the-pictures',
  url = site.url,
): Promise<void> {
  for (const look of [phone, desk]) {
    const { context, page, open } = await newVisitor(chromium, { ...look, url, profile })
    const devTools = await context.newCDPSession(page)
    for (const [name, path] of pages) {
      await open(path)
      // Charts take their width from a layout that is done.
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))')
      const height = Number(await page.evaluate('document.documentElement.scrollHeight'))
      // Playwright knows no WebP, which is a fifth of the size of PNG.
      const { data } = await devTools.send('Page.captureScreenshot', {
        format: 'webp',
        quality: 70,
        captureBeyondViewport: true,
        clip: { x: 0, y: 0, width: look.width, height, scale: 1 },
      })
      const file = [name, state, look.language, look.width].filter((part) => part !== '').join('-')
      await writeFile(join(directory, `${file}.webp`), Buffer.from(data, 'base64'))
      process.stdout.write(`${file}\n`)
    }
    await context.close()
  }
}

async function giveLongNames({ pipeline }: Site): Promise<void> {
  const database = connect(pipeline.config.database)
  const ids = await database('vods_sumut').select('program_id').groupBy('program_id').orderByRaw('count(*) desc').limit(longNames.length)
  for (const [place, { program_id: id }] of ids.entries())
    await database('vodinfo').where({ program_id: id }).update({ program_name: longNames[place] })
  await database.destroy()
}

async function ask<Answer>(path: string): Promise<Answer> {
  const response = await fetch(`${site.url}${path}`)
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`)
  return (await response.json()) as Answer
}

async function served(week: string): Promise<void> {
  await waitFor(`week ${week} to serve`, async () => {
    const response = await fetch(`${site.url}/readyz`)
    return response.ok && (await response.text()).includes(`"${week}"`) ? true : undefined
  })
}

/** So that there is something to go on with. */
async function beginToWatch(user: string): Promise<void> {
  const { items } = await ask<Recommendations>(`/v1/users/${user}/recommendations?k=2`)
  const events = items.map(({ program_id }, place) => ({
    event_id: `picture-${program_id}`,
    type: 'viewing',
    user,
    program_id,
    use_tms: 1200 * (place + 1),
    disp_rtm_sec: 3600,
  }))
  const response = await fetch(`${site.url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ events }),
  })
  if (!response.ok) throw new Error(await response.text())
}
