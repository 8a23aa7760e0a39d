/** Histories that released workflow code wrote: today's code must take the same decisions on them. */
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import test from 'node:test'
import { loadWorkflowBundle } from '../src/worker/workflow-bundle.ts'

const directory = new URL('histories/', import.meta.url)
const files = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.json')).toSorted()

Runtime.install({ logger: new DefaultLogger('WARN') })

await test('workflows replay what they did before', { timeout: 120_000 }, async (t) => {
  assert.ok(files.length > 0, 'there are histories; "npm run histories" records them')
  const { bundle } = await loadWorkflowBundle()
  for (const file of files)
    await t.test(file, async () => {
      const history: unknown = JSON.parse(await readFile(new URL(file, directory), 'utf8'))
      await Worker.runReplayHistory({ workflowBundle: bundle }, history)
    })
})
