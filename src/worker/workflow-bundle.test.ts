import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'
import { buildWorkflowBundle, loadWorkflowBundle } from './workflow-bundle.ts'

test('a bundle that was built ahead is taken, unless it is of other sources or not whole', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'matinee-bundle-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  assert.equal((await loadWorkflowBundle(folder)).origin, 'built now')

  const path = await buildWorkflowBundle(folder)
  const ahead = await loadWorkflowBundle(folder)
  assert.equal(ahead.origin, 'built ahead')
  assert.deepEqual(ahead.bundle, { code: await readFile(path, 'utf8') })

  const digest = join(folder, 'workflow-bundle.sha256')
  await writeFile(digest, `${'0'.repeat(64)}\n`)
  const stale = await loadWorkflowBundle(folder)
  assert.match(stale.origin, /^built now, since /)
  await rm(digest) // as a build that was killed leaves it
  assert.equal((await loadWorkflowBundle(folder)).origin, 'built now')
})
