/** A server that tests can stop, kill, freeze and start again where it was. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import type { ServerProcess } from '../../src/adapters/tools/server-process.ts'
import { waitFor } from './wait-for.ts'

export interface TestServer {
  /** In order. Again is no error. */
  stop(): Promise<void>
  /** SIGKILL, as a power cut would. */
  kill(): Promise<void>
  /** Stops it where it runs, and starts it on the same port with the same data. */
  restart(): Promise<void>
  /** SIGSTOP: connections stand, and once it resolves nothing answers. */
  freeze(): Promise<void>
  thaw(): void
}

/** @param start starts it on the same port with the same data each time */
export async function startTestServer(start: () => Promise<Pick<ServerProcess, 'stop' | 'kill' | 'pid'>>): Promise<TestServer> {
  let current = await start()
  return {
    stop: () => current.stop(),
    kill: () => current.kill(),
    async restart() {
      await current.stop()
      current = await start()
    },
    // The group: the server with its keeper.
    async freeze() {
      process.kill(-current.pid, 'SIGSTOP')
      await waitFor('the server to stand still', async () => ((await hasStopped(current.pid)) ? true : undefined))
    },
    thaw: () => void process.kill(-current.pid, 'SIGCONT'),
  }
}

/**
 * Whether every thread of a process group stands still: on a busy machine some run on for a while after the signal was sent. True where the
 * system does not tell.
 */
async function hasStopped(group: number): Promise<boolean> {
  if (!existsSync('/proc/self/stat')) return true
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || (await statOf(`/proc/${pid}`)).group !== group) continue
    const threads = await readdir(`/proc/${pid}/task`).catch(() => [])
    for (const thread of threads) if (mayRun.has((await statOf(`/proc/${pid}/task/${thread}`)).state)) return false
  }
  return true
}

/** Letters of threads that run, or wait for something: none of them was stopped. */
const mayRun: ReadonlySet<string> = new Set(['R', 'S', 'D'])

/** What comes after the program's name, which may hold spaces; of a thread that has ended meanwhile as of one that stands still. */
async function statOf(folder: string): Promise<{ readonly state: string; readonly group: number }> {
  const stat = await readFile(`${folder}/stat`, 'utf8').catch(() => ') T 0 0')
  const [state = '', , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { state, group: Number(group) }
}
