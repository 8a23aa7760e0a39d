import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import test from 'node:test'
import { kernelsFile } from '../../../scripts/build-kernels.ts'

test('the committed kernels are what their source compiles to', async () => {
  assert.equal(readFileSync(new URL('kernels.wasm.ts', import.meta.url), 'utf8'), await kernelsFile())
})
