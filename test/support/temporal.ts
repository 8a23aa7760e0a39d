/** A real Temporal server with a database in a temporary folder, so that it can be killed and come back. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../src/adapters/tools/free-port.ts'
import { startTemporalServer } from '../../src/adapters/tools/temporal-server.ts'
import { findTemporalCli } from './programs.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { startTestServer, type TestServer } from './test-server.ts'

export interface TestTemporal extends TestServer {
  /** `host:port`. */
  readonly address: string
  readonly namespace: string
  readonly uiUrl: string
  /** For a process that shall reach it and nothing of the person's own settings. */
  readonly environment: Readonly<Record<string, string>>
}

/** A port that was free may be taken by another test before the server listens there; of some of its own the server chooses by itself. */
const mostStarts = 3

interface Options {
  /** Where its database shall be, when not in a folder of its own. */
  readonly dbPath?: string
}

export async function startTemporal(options: Options = {}): Promise<TestTemporal> {
  for (let starts = 1; ; starts++) {
    try {
      return await startOnFreePorts(options)
    } catch (error) {
      const isTaken = error instanceof Error && /address already in use|is taken by another program/.test(error.message)
      if (!isTaken || starts === mostStarts) throw error
    }
  }
}

async function startOnFreePorts(options: Options): Promise<TestTemporal> {
  const binary = await findTemporalCli()
  const folder = await temporaryFolder('temporal')
  const [port, uiPort] = [await freePort(), await freePort()]
  const profiles = join(folder, 'no-profiles.toml')
  await writeFile(profiles, '')
  const server = await startTestServer(() =>
    startTemporalServer({
      binary,
      dbPath: options.dbPath ?? join(folder, 'temporal.db'),
      port,
      uiPort,
      logPath: join(folder, 'temporal.log'),
      environment: process.env,
    }),
  )
  const address = `127.0.0.1:${port}`
  const namespace = 'default'
  return {
    ...server,
    address,
    namespace,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    environment: { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace, TEMPORAL_CONFIG_FILE: profiles },
  }
}
