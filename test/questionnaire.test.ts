/**
 * The questionnaire from a file to an answer: imported, trained by the workflow on a real Temporal server, served by the command
 * that operators run, asked by curl and by a browser on another origin, and all of its forms asked over HTTP.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { Agent, createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { createClient } from '../client/index.ts'
import { freePort } from '../src/adapters/tools/free-port.ts'
import { startServerProcess } from '../src/adapters/tools/server-process.ts'
import { defaultQuestionnaire } from '../src/contracts/questionnaire-default.ts'
import { LatestQuestionnaire, QuestionnaireEvaluation, QuestionnaireManifest } from '../src/contracts/questionnaire.ts'
import { parseDocument } from '../src/contracts/documents.ts'
import { questionnaireKeys } from '../src/contracts/store-keys.ts'
import { readDocument } from '../src/contracts/stored-documents.ts'
import { Random } from '../src/model/random/random.ts'
import { launchChromium } from './support/chromium.ts'
import { main } from './support/command-line.ts'
import { startPipeline, type Pipeline } from './support/pipeline.ts'
import { waitFor } from './support/wait-for.ts'

const labels: readonly string[] = defaultQuestionnaire.labels.map(({ id }) => id)

/** Labels follow the answers but for `noise`. */
function answeredQuestionnaires(rows: number, noise: number, seed: number): string {
  const random = Random.seeded(seed)
  const lines = Array.from({ length: rows }, () => {
    const [a = 0, b = 0, ...others] = Array.from({ length: 5 }, () => random.below(8))
    return `${[a, b, ...others, random.unit() < noise ? random.below(12) : (a + 3 * b) % 12].join(',')}\n`
  })
  return `age,occupation,relaxation,colour,sport,label\n${lines.join('')}`
}

const evaluationOf = (text: string): QuestionnaireEvaluation => parseDocument(QuestionnaireEvaluation, text, 'evaluate --json')

/** Asks over connections that stay open, some at a time. */
async function askAll(url: string, entries: readonly (readonly number[])[]): Promise<readonly string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  const ask = (entry: readonly number[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const sent = request(`${url}/recommendations`, { method: 'POST', agent }, (answer) => {
        let body = ''
        answer.setEncoding('utf8').on('data', (text: string) => (body += text))
        answer.on('end', () => (answer.statusCode === 200 ? resolve(body) : reject(new Error(`${answer.statusCode}: ${body}`))))
      })
      sent.on('error', reject)
      sent.end(JSON.stringify({ entry }))
    })
  try {
    return await Promise.all(entries.map(ask))
  } finally {
    agent.destroy()
  }
}

async function startApi(pipeline: Pipeline): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const server = await startServerProcess(
    {
      name: 'the API',
      command: process.execPath,
      args: [main(), '--environment', 'none', 'api', '--poll', '0.2', '--copy', join(pipeline.directory, 'copy')],
      environment: { ...pipeline.environment, MATINEE_API_PORT: String(port) },
      logPath: join(pipeline.directory, 'api.log'),
      probe: async () => {
        if (!(await fetch(`${url}/healthz`)).ok) throw new Error('not yet')
      },
    },
    'run_state',
  )
  return { url, stop: () => server.stop() }
}

await test('the questionnaire', { timeout: 600_000 }, async (t) => {
  const pipeline = await startPipeline()
  t.after(() => pipeline.stop())
  const { matinee, store, directory } = pipeline
  const questionnaire = (...args: readonly string[]) => matinee('questionnaire', ...args)
  const api = await startApi(pipeline)
  t.after(() => api.stop())
  const statusOf = async (): Promise<number> =>
    (await fetch(`${api.url}/recommendations`, { method: 'POST', body: '{"entry":[1,2,3,4,5]}' })).status
  const servingVersion = async (): Promise<string | undefined> =>
    (await store.stat(questionnaireKeys.modelLatest)) === undefined
      ? undefined
      : (await readDocument(store, LatestQuestionnaire, questionnaireKeys.modelLatest)).version

  await t.test('before there is anything: 503, and commands that say what is missing', async () => {
    assert.equal(await statusOf(), 503)
    const early = await questionnaire('evaluate')
    assert.equal(early.exitCode, 1)
    assert.match(early.stderr, /no answered questionnaires are in .*; "matinee questionnaire import FILE" brings them/)
  })

  await t.test('a bad line imports nothing', async () => {
    const file = join(directory, 'bad.csv')
    await writeFile(file, '1,2,3,4,5,6\n1,2,3,4,5,12\n')
    const { exitCode, stderr } = await questionnaire('import', file)
    assert.equal(exitCode, 1)
    assert.match(stderr, /bad\.csv line 2: the label is 12; 0 to 11 are allowed; nothing was imported/)
    assert.equal(await store.stat(questionnaireKeys.current), undefined)
  })

  await pipeline.startWorker()

  await t.test('noise is no model: the report says so and the gate holds until a person answers', async () => {
    const file = join(directory, 'random.csv')
    await writeFile(file, answeredQuestionnaires(5000, 1, 1))
    assert.equal((await questionnaire('import', file)).exitCode, 0)
    const held = await questionnaire('train', '--json')
    assert.equal(held.exitCode, 0, held.stderr)
    const answer: unknown = JSON.parse(held.stdout)
    assert.ok(typeof answer === 'object' && answer !== null && 'outcome' in answer && 'workflowId' in answer && 'reason' in answer)
    assert.equal(answer.outcome, 'held')
    assert.match(String(answer.reason), /^no better than chance: accuracy /)
    assert.equal(await statusOf(), 503)

    const evaluation = evaluationOf((await questionnaire('evaluate', '--json')).stdout)
    assert.equal(evaluation.better_than_chance, false)
    assert.ok(evaluation.interval.low < 1 / 12 + 0.02 && evaluation.chance === 1 / 12)
    assert.deepEqual(evaluation.rows, { train: 4500, sample: 4500, test: 500 })
    assert.match((await questionnaire('evaluate')).stdout, /^no better than chance/)

    const second = await questionnaire('train')
    assert.equal(second.exitCode, 1)
    assert.match(second.stderr, /retrain-questionnaire is running already; .*"matinee approve" or "matinee reject"/)
    assert.match((await matinee('status', 'retrain-questionnaire')).stdout, /held until .*: approve or reject it/)
    assert.equal((await matinee('reject', 'retrain-questionnaire', '--reason', 'noise')).exitCode, 0)
    const ended: unknown = await pipeline.client.workflow.getHandle('retrain-questionnaire').result()
    assert.ok(typeof ended === 'object' && ended !== null && 'outcome' in ended && 'reason' in ended)
    assert.equal(ended.outcome, 'rejected')
    assert.match(String(ended.reason), /: noise$/)
    assert.equal(await servingVersion(), undefined)
  })

  await t.test('a person may publish it all the same, and the manifest keeps what the gate said', async () => {
    assert.match((await questionnaire('train')).stdout, /^held until /)
    assert.equal((await matinee('approve', 'retrain-questionnaire', '--reason', 'a demonstration')).exitCode, 0)
    await pipeline.client.workflow.getHandle('retrain-questionnaire').result()
    const version = await servingVersion()
    assert.ok(version !== undefined)
    const manifest = await readDocument(store, QuestionnaireManifest, questionnaireKeys.model(version, 'manifest.json'))
    assert.deepEqual(manifest.breaches.map(({ check }) => check), ['no better than chance']) // prettier-ignore
    await waitFor('the model to serve', async () => ((await statusOf()) === 200 ? true : undefined))
  })

  let planted = ''
  await t.test('a model that is better than chance is published, and swapped in while the API runs', async () => {
    const before = await servingVersion()
    const file = join(directory, 'planted.csv.gz')
    await writeFile(file, gzipSync(answeredQuestionnaires(20_000, 0.3, 2)))
    assert.equal((await questionnaire('import', file, '--json')).exitCode, 0)
    const { exitCode, stdout, stderr } = await questionnaire('train', '--wait', '--json')
    assert.equal(exitCode, 0, stderr)
    const result: unknown = JSON.parse(stdout)
    assert.ok(typeof result === 'object' && result !== null && 'outcome' in result && 'version' in result)
    assert.equal(result.outcome, 'published')
    planted = String(result.version)
    assert.notEqual(planted, before)
    assert.match(planted, /^questionnaire-[0-9a-f]{8}$/)
    assert.equal(await servingVersion(), planted)
    await waitFor('the new model to serve', async () => {
      const { model } = await createClient({ url: api.url }).call('getQuestionnaire', {})
      return model === planted ? true : undefined
    })
    const evaluation = evaluationOf((await questionnaire('evaluate', '--json')).stdout)
    assert.equal(evaluation.version, planted)
    assert.ok(evaluation.accuracy > 0.68, String(evaluation.accuracy))
    assert.equal(evaluation.latency.batches, 100)
    assert.equal(evaluation.confusion.flat().reduce((sum, count) => sum + count, 0), evaluation.rows.test) // prettier-ignore
    for await (const { key } of store.list('questionnaire/training/')) assert.fail(`${key} was left behind`)
  })

  await t.test('the same data again is the same model, which is kept', async () => {
    const { stdout } = await questionnaire('train')
    assert.match(stdout, new RegExp(`^kept: ${planted} `))
  })

  await t.test('curl, as the first version documents it', async () => {
    const { stdout } = await promisify(execFile)('curl', ['-sS', '-d', '{"entry": [1,2,3,4,5]}', `${api.url}/recommendations`, '-X', 'POST']) // prettier-ignore
    assert.equal(stdout, `{"recommendedMysfit":"${labels[(1 + 3 * 2) % 12]}"}`)
  })

  await t.test('every one of the 59,049 forms gets a label that exists, the planted one where answers were seen', async () => {
    const entries = Array.from({ length: 9 ** 5 }, (_, form) => [6561, 729, 81, 9, 1].map((stride) => Math.floor(form / stride) % 9))
    const answers = await askAll(api.url, entries)
    const known = new Map(labels.map((id) => [`{"recommendedMysfit":"${id}"}`, id]))
    assert.deepEqual(
      answers.filter((body) => !known.has(body)),
      [],
    )
    const seen = entries.flatMap((entry, n) => (entry.every((answer) => answer < 8) ? [n] : []))
    const right = seen.filter((n) => known.get(answers[n] ?? '') === labels[((entries[n]?.[0] ?? 0) + 3 * (entries[n]?.[1] ?? 0)) % 12])
    assert.ok(right.length > 0.95 * seen.length, `${right.length} of ${seen.length}`)
  })

  await t.test('a page of another origin may ask, and may read a refusal', async () => {
    const page = createServer((_request, answer) => answer.setHeader('content-type', 'text/html').end('<!doctype html><title>form</title>'))
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve))
    const browser = await launchChromium()
    try {
      const tab = await browser.newPage()
      await tab.goto(`http://localhost:${(page.address() as AddressInfo).port}/`)
      const ask = (entry: readonly number[]): Promise<{ readonly status: number; readonly body: string }> =>
        tab.evaluate(
          async ([url, body]) => {
            const answer = await fetch(`${url}/recommendations`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: body ?? '' }) // prettier-ignore
            return { status: answer.status, body: await answer.text() }
          },
          [api.url, JSON.stringify({ entry })],
        )
      assert.deepEqual(await ask([1, 2, 3, 4, 5]), { status: 200, body: `{"recommendedMysfit":"${labels[7]}"}` })
      const refused = await ask([1, 2, 3, 4, 9])
      assert.equal(refused.status, 400)
      assert.match(refused.body, /entry\/4: 9 is not allowed/)
    } finally {
      await browser.close()
      page.close()
    }
  })
})
