/** `matinee api` as a process of its own, on a port that was free. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Environment } from '../../src/config/environment.ts'
import { main } from './command-line.ts'

export interface ApiProcess {
  readonly process: ChildProcess
  readonly url: string
}

/** It listens; whether a model is loaded is another matter. Killed when the test ends. @param copy its folder of the last good model */
export async function startApi(
  context: TestContext,
  { folder, copy, environment }: { readonly folder: string; readonly copy: string; readonly environment: Environment },
): Promise<ApiProcess> {
  const child = spawn(process.execPath, [main(), '--environment', 'none', 'api', '--copy', copy], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      ...environment,
      MATINEE_API_PORT: '0',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  context.after(() => child.kill('SIGKILL'))
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  let url: string | undefined
  while ((url = /API on (http:\/\/\S+),/.exec(said)?.[1]) === undefined) {
    assert.equal(child.exitCode, null, said)
    await delay(20)
  }
  return { process: child, url }
}
