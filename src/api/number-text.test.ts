import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import test from 'node:test'
import { scoreText } from './number-text.ts'

const numbers = 50_000

/** Bytes that V8's old objects grew by while as many numbers, each another one, became texts that nobody keeps. */
function grownBy(textOf: string, number: string): number {
  const program = `
    import { getHeapSpaceStatistics } from 'node:v8'
    import { momentText, scoreText } from ${JSON.stringify(import.meta.resolve('./number-text.ts'))}
    const old = () => getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space').space_used_size
    const write = (from) => {
      for (let n = from; n < from + ${numbers}; n++) (${textOf})(${number})
    }
    write(${numbers})
    gc()
    const before = old()
    write(0)
    console.log(old() - before)`
  return Number(execFileSync(process.execPath, ['--expose-gc', '--input-type=module', '--eval', program], { encoding: 'utf8' }))
}

test('V8 keeps no text of a score or a moment', () => {
  const [score, moment] = ['Math.fround(n * 1e-5 + 0.1)', '1_704_596_400_000 + n']
  const kept = { score: grownBy('String', score), moment: grownBy('String', moment) }
  assert.ok(Math.min(kept.score, kept.moment) > 16 * numbers, `where V8 keeps none by itself, String will do: ${JSON.stringify(kept)}`)
  assert.ok(grownBy('scoreText', score) < kept.score / 4)
  assert.ok(grownBy('momentText', moment) < kept.moment / 4)
})

test('the text of a score is a number in JSON that tells every 32-bit float', () => {
  const floats = new Float32Array(1)
  const bits = new Uint32Array(floats.buffer)
  for (let n = 0; n < 2 ** 32; n += 104_729) {
    bits[0] = n
    const [float = 0] = floats
    if (Number.isFinite(float)) assert.equal(Math.fround(JSON.parse(scoreText(float))), float)
  }
  assert.equal(scoreText(214), '214')
})
