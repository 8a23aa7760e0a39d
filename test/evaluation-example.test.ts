/** The example of docs/evaluation.md prints what the page says. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'
import { root, textOf } from './support/project-files.ts'

test('the example of the page on evaluation prints what the page shows', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'examples/evaluation.ts')])
  assert.equal(/```text\n(.*?)```/s.exec(textOf('docs/evaluation.md'))?.[1], stdout)
})
