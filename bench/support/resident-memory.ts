/** How much memory a process and those that it started hold together, watched while they work. Linux alone tells: elsewhere it is not known. */
import { readdirSync, readFileSync } from 'node:fs'

const LOOK_MS = 200
/** Of every Linux that Node runs on but a few of 64-bit ARM, whose kernels were built for larger ones. */
const PAGE_BYTES = 4096

export interface MemoryWatch {
  /** Ends the watching. The most that was seen at once, in MiB; undefined where the system does not tell. */
  stop(): number | undefined
}

export function watchMemory(pid: number): MemoryWatch {
  let peakPages = 0
  const look = (): void => {
    peakPages = Math.max(peakPages, residentPages(pid))
  }
  const timer = process.platform === 'linux' ? setInterval(look, LOOK_MS) : undefined
  return {
    stop() {
      clearInterval(timer)
      return timer === undefined ? undefined : Math.round((peakPages * PAGE_BYTES) / 2 ** 20)
    },
  }
}

function residentPages(root: number): number {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    const parent = Number.isInteger(pid) ? parentOf(pid) : undefined
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const pagesOfTree = (pid: number): number =>
    (children.get(pid) ?? []).reduce((sum, child) => sum + pagesOfTree(child), Number(field(pid, 'statm', 1) ?? 0))
  return pagesOfTree(root)
}

function parentOf(pid: number): number | undefined {
  // The second field is the program's name in brackets, which may hold blanks.
  const parent = field(pid, 'stat', 1, (text) => text.slice(text.lastIndexOf(')') + 2))
  return parent === undefined ? undefined : Number(parent)
}

/** Undefined where the process has ended meanwhile. */
function field(pid: number, file: string, position: number, part = (text: string): string => text): string | undefined {
  try {
    return part(readFileSync(`/proc/${pid}/${file}`, 'utf8')).split(' ')[position]
  } catch {
    return undefined
  }
}
