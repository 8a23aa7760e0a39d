/** What the thread of an `Inspector` runs. */
import { createHash } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { basename } from 'node:path'
import { parentPort } from 'node:worker_threads'
import type { Tensor, Tensors } from '../model/model.ts'
import type { Answer, Inspected, Question } from './inspector.ts'
import type { ModelFiles } from './decode-model.ts'

/** As `nice` has it. Where there is one core, the thread that answers has nine tenths of it beside one of this. */
const niceness = 10
const titlesAPiece = 500

yieldToOthers()
parentPort?.on('message', (question: Question) => {
  void answerTo(question).then(({ answer, moved }) => parentPort?.postMessage(answer, moved))
})

interface Answered {
  readonly answer: Answer
  /** Handed over: this thread has them no more. */
  readonly moved: ArrayBuffer[]
}

async function answerTo(question: Question): Promise<Answered> {
  try {
    if (question.ask === 'sha256') return { answer: { result: createHash('sha256').update(question.bytes).digest('hex') }, moved: [] }
    const result = await inspect(question)
    const tables = [result.users, result.itemIds].flatMap(({ slots, bytes }) => [slots, bytes])
    const moved = tables.map(({ buffer }) => buffer).filter((buffer) => buffer instanceof ArrayBuffer)
    return { answer: { result }, moved }
  } catch (error) {
    const { MatineeError } = await import('../contracts/errors.ts')
    if (error instanceof MatineeError) return { answer: { code: error.code, message: error.message, details: error.details }, moved: [] }
    return {
      answer: { code: undefined, message: error instanceof Error ? (error.stack ?? error.message) : String(error), details: {} },
      moved: [],
    }
  }
}

/** Makes all that the other thread will: what is checked, counted and filled on the way is what it gets. */
async function inspect(files: ModelFiles): Promise<Inspected> {
  // Not before the priority is lowered: to load these takes as long as to look through a small model.
  const [{ decodeModel }, { ModelSnapshot }] = await Promise.all([import('./decode-model.ts'), import('./model-snapshot.ts')])
  const parts = await decodeModel(files)
  const { counts } = await ModelSnapshot.create(parts)
  const items = Array.from({ length: Math.ceil(parts.items.length / titlesAPiece) }, (_, n) =>
    new TextEncoder().encode(JSON.stringify(parts.items.slice(n * titlesAPiece, (n + 1) * titlesAPiece))),
  )
  const { users, itemIds, catalogue, tensors, memories } = parts
  return { users: users.table(), items, itemIds: itemIds.table(), catalogue, tensors: allFinite(tensors), memories, counts }
}

/** A model reads what it needs of its tensors, and refuses what is not finite. The other thread reads the same. */
const allFinite = (tensors: Tensors): Tensors =>
  new Map(Array.from(tensors, ([name, tensor]): readonly [string, Tensor] => [name, { ...tensor, finite: true }]))

/** Linux only, where a thread has a priority. */
function yieldToOthers(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(Number(basename(readlinkSync('/proc/thread-self'))), niceness)
  } catch {
    // The container forbids it.
  }
}
