import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'node:test'

/** How many shapes ticks had in a process that collected its heap after each of some, by V8's log. */
function shapesOfTicks(start: string): number {
  const folder = mkdtempSync(join(tmpdir(), 'matinee-shapes-'))
  const log = join(folder, 'v8.log')
  const program = `
    import { setTimeout as delay } from 'node:timers/promises'
    ${start}
    for (let n = 0; n < 4; n++) {
      process.nextTick(() => {})
      await delay(1)
      gc()
    }`
  const flags = ['--expose-gc', '--log-maps', '--no-log-maps-details', '--no-logfile-per-isolate', `--logfile=${log}`]
  try {
    execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', program])
    return readFileSync(log, 'utf8').match(/^map,Transition,.*symbol\("async_id_symbol"/gm)?.length ?? 0
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('one tick that is kept keeps the shape of all, whatever V8 collects', () => {
  const keep = `import { keepTickShape } from ${JSON.stringify(import.meta.resolve('./tick-shape.ts'))}; keepTickShape()`
  assert.equal(shapesOfTicks(keep), 1)
  assert.ok(shapesOfTicks('') > 1, 'without it shapes come and go: where they do not, it can go')
})
