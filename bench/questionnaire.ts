/**
 * `POST /recommendations` against a Fastify route that returns a constant: requests a second, in turns, in the same run. The servers
 * are processes of their own; requests come over connections that stay open, several at a time, from a client that does nothing else.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { MatineeError } from '../src/contracts/errors.ts'

const serverModule = fileURLToPath(new URL('questionnaire/server.ts', import.meta.url))
const body = '{"entry":[1,2,3,4,5]}'
const answerStart = Buffer.from('HTTP/1.1 200')
/** Requests under way on one connection. */
const pipelined = 8

interface Server {
  readonly child: ChildProcess
  readonly port: number
}

function start(kind: 'questionnaire' | 'constant'): Promise<Server> {
  return new Promise((resolve, reject) => {
    const child = fork(serverModule, [kind])
    child.once('message', (port) => resolve({ child, port: Number(port) }))
    child.once('exit', (code) => reject(new MatineeError('internal', `the ${kind} server ended with ${code}`)))
  })
}

/** Answers that came within the time, by the second. */
async function rate(port: number, contentType: string, seconds: number, connections: number): Promise<number> {
  const request = Buffer.from(
    `POST /recommendations HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: ${contentType}\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  let answered = 0
  const started = performance.now()
  const end = started + seconds * 1000
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => {
        for (let n = 0; n < pipelined; n++) socket.write(request)
      })
      socket.setNoDelay(true).on('error', reject)
      socket.on('data', (bytes) => {
        let found = 0
        for (let at = bytes.indexOf(answerStart); at >= 0; at = bytes.indexOf(answerStart, at + answerStart.length)) found++
        answered += found
        if (performance.now() >= end) {
          socket.destroy()
          resolve()
        } else if (found > 0) socket.write(found === 1 ? request : Buffer.concat(Array.from({ length: found }, () => request)))
      })
    })
  await Promise.all(Array.from({ length: connections }, one))
  return answered / ((performance.now() - started) / 1000)
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '2' },
      connections: { type: 'string', default: '16' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write('npm run bench -- questionnaire [--rounds 7] [--seconds 2] [--connections 16]\n')
    return
  }
  const [seconds, connections] = [Number(values.seconds), Number(values.connections)]
  const [constant, questionnaire] = await Promise.all([start('constant'), start('questionnaire')])
  try {
    const rates: { readonly constant: number; readonly questionnaire: number }[] = []
    for (let round = 0; round <= Number(values.rounds); round++) {
      const measured = {
        constant: await rate(constant.port, 'application/json', seconds, connections),
        questionnaire: await rate(questionnaire.port, 'application/x-www-form-urlencoded', seconds, connections),
      }
      if (round > 0) rates.push(measured) // the first one warms up
    }
    process.stdout.write(
      `${JSON.stringify({
        constant_a_second: Math.round(median(rates.map((one) => one.constant))),
        questionnaire_a_second: Math.round(median(rates.map((one) => one.questionnaire))),
        ratio: Math.round(median(rates.map((one) => one.questionnaire / one.constant)) * 1000) / 1000,
      })}\n`,
    )
  } finally {
    for (const { child } of [constant, questionnaire]) child.disconnect()
  }
}
