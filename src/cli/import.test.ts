import assert from 'node:assert/strict'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { readConfig } from '../config/environment.ts'
import { generateCommand } from './generate.ts'
import { importCommand } from './import.ts'

const golden = fileURLToPath(new URL('../../test/golden/logs', import.meta.url))

/** Runs commands against one new embedded database; each answers what it printed. */
async function newSession(): Promise<{ readonly run: (...args: readonly string[]) => Promise<string>; readonly url: string }> {
  const url = `sqlite:${join(await temporaryFolder('cli'), 'vod.db')}`
  const run = async (...args: readonly string[]): Promise<string> => {
    const printed: string[] = []
    const context = {
      config: () => readConfig({ MATINEE_DATABASE_URL: url }),
      out: (text: string) => void printed.push(text),
      progress: () => undefined,
    }
    await new Command()
      .exitOverride()
      .addCommand(generateCommand(context))
      .addCommand(importCommand(context))
      .parseAsync(args, { from: 'user' })
    return printed.join('\n')
  }
  return { run, url }
}

test('import csv, then generate: refused until --replace', async () => {
  const { run, url } = await newSession()
  assert.equal(await run('import', 'csv', golden), `userinfo 240, vods_sumut 3,079, contlog 5,754, vodinfo 110 rows in ${url}`)
  const small = ['--users', '20', '--programs', '10', '--rows', '100', '--weeks', '2']
  await assert.rejects(run('generate', ...small), { code: 'import_invalid', message: /^table userinfo already holds rows; --replace / })
  const counts: unknown = JSON.parse(await run('generate', ...small, '--replace', '--json'))
  assert.partialDeepStrictEqual(counts, { userinfo: 20, vodinfo: 10, vods_sumut: 100 })
})

test('generate --if-empty fills empty tables once, and leaves filled ones alone', async () => {
  const { run, url } = await newSession()
  const small = ['--users', '20', '--programs', '10', '--rows', '100', '--weeks', '2', '--if-empty']
  const counts: unknown = JSON.parse(await run('generate', ...small, '--json'))
  assert.partialDeepStrictEqual(counts, { userinfo: 20, vodinfo: 10, vods_sumut: 100 })
  assert.equal(await run('generate', ...small), `table userinfo already holds rows in ${url}: nothing was generated`)
})

test('wrong options are named', async () => {
  const { run } = await newSession()
  await assert.rejects(run('generate', '--rows', 'many'), { code: 'usage_invalid', message: '"many" is not a whole number' })
  await assert.rejects(run('generate', '--users', '0'), { code: 'usage_invalid', message: /^--users 0: a whole number from 1 to / })
  await assert.rejects(run('generate', '--end', '2023-W53'), { code: 'week_invalid' })
  await assert.rejects(run('import', 'csv', join(golden, 'nowhere')), { code: 'import_invalid', message: /userinfo\.csv is missing$/ })
})
