/**
 * `npm run bench -- web`: how long the home page takes, from the end of the API's answer until its rows are painted, and until every title
 * of every row is there. A generated model, Chromium, and a browser context of its own for each load, so that nothing is warm: the page's
 * code is compiled and run for the first time, as a visitor's is.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import type { Browser } from 'playwright-core'
import { DirectoryObjectStore } from '../src/adapters/object-store/directory-store.ts'
import { MatineeError } from '../src/contracts/errors.ts'
import { ensureWebApp } from '../src/demo/demo-web.ts'
import { launchChromium } from '../test/support/chromium.ts'
import { userIdOf, writeGeneratedModel } from '../test/support/generated-model.ts'
import { makeLatest } from '../test/support/publish-model.ts'
import { newVisitor } from '../test/support/web-visitor.ts'
import { projectFile } from '../src/project-files.ts'
import { startApi } from './serve/servers.ts'
import { waitFor } from '../test/support/wait-for.ts'

const version = '2024-W01-0000000a'
const shape = { users: 2000, titles: 2000, factors: 32, pairs: 60_000 }
const widths = [360, 1280] as const

export async function run(args: readonly string[]): Promise<void> {
  await new Command('bench web')
    .description('Milliseconds from the answer of the API to the painted rows of the home page.')
    .option('--loads <n>', 'loads of the page at each width', '15')
    .action(async ({ loads }: { readonly loads: string }) => {
      if (!(Number.isInteger(Number(loads)) && Number(loads) > 0)) throw new MatineeError('usage_invalid', '--loads: a whole number above 0 is allowed') // prettier-ignore
      await bench(Number(loads))
    })
    .parseAsync([...args], { from: 'user' })
}

async function bench(loads: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-bench-web-'))
  try {
    await ensureWebApp(print)
    const store = new DirectoryObjectStore(join(folder, 'store'))
    await writeGeneratedModel(store, version, shape, 0)
    await makeLatest(store, version)
    const server = await startApi({ command: projectFile('bin/matinee.mjs'), store: join(folder, 'store'), folder })
    const browser = await launchChromium()
    try {
      await beginToWatch(server.url, userIdOf(0))
      for (const width of widths) {
        await load(browser, server.url, width) // the server answers its first request
        const times: Load[] = []
        for (let n = 0; n < loads; n++) times.push(await load(browser, server.url, width))
        const [shown, complete] = [times.map((time) => time.shown), times.map((time) => time.complete)]
        print(
          `${width} px, ${times[0]?.titles} titles: rows painted ${summary(shown)}; all titles there ${summary(complete)} after the answer`,
        )
      }
    } finally {
      await browser.close()
      await server.stop()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Milliseconds from the end of the answer. */
interface Load {
  readonly shown: number
  readonly complete: number
  readonly titles: number
}

async function load(browser: Browser, url: string, width: number): Promise<Load> {
  const { context, page } = await newVisitor(browser, { url, profile: userIdOf(0), width })
  try {
    await page.goto(url)
    // Marked by the page itself, each in the task after the frame that paints it.
    await waitFor('all titles', async () => ((await page.evaluate(marks('rows-complete'))) === 1 ? true : undefined))
    return (await page.evaluate(`(() => {
      const answered = performance.getEntriesByType('resource').find(({ name }) => name.includes('/rows?')).responseEnd
      const after = (name) => performance.getEntriesByName(name)[0].startTime - answered
      return { shown: after('rows-shown'), complete: after('rows-complete'), titles: document.querySelectorAll('.card').length }
    })()`)) as Load
  } finally {
    await context.close()
  }
}

const marks = (name: string): string => `performance.getEntriesByName("${name}").length`

/** So that there is a row to go on with. */
async function beginToWatch(url: string, user: string): Promise<void> {
  const { items } = (await (await fetch(`${url}/v1/users/${user}/recommendations?k=5`)).json()) as {
    readonly items: readonly { readonly program_id: string }[]
  }
  const events = items.map(({ program_id }) => ({
    event_id: `bench-${program_id}`,
    type: 'viewing',
    user,
    program_id,
    use_tms: 1200,
    disp_rtm_sec: 3600,
  }))
  const response = await fetch(`${url}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ events }),
  })
  if (!response.ok) throw new MatineeError('internal', `the API takes no events: ${await response.text()}`)
}

function summary(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const median = ((sorted[Math.floor(middle - 0.5)] ?? NaN) + (sorted[Math.ceil(middle - 0.5)] ?? NaN)) / 2
  return `${median.toFixed(0)} ms (median; ${sorted[0]?.toFixed(0)} to ${sorted.at(-1)?.toFixed(0)})`
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
