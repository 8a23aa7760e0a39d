/** A server that tests can stop, kill, freeze and start again where it was. */
import type { ServerProcess } from '../../src/adapters/tools/server-process.ts'

export interface TestServer {
  /** In order. Again is no error. */
  stop(): Promise<void>
  /** SIGKILL, as a power cut would. */
  kill(): Promise<void>
  /** Stops it where it runs, and starts it on the same port with the same data. */
  restart(): Promise<void>
  /** SIGSTOP: connections stand, nothing answers. */
  freeze(): void
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
    freeze: () => void process.kill(-current.pid, 'SIGSTOP'),
    thaw: () => void process.kill(-current.pid, 'SIGCONT'),
  }
}
