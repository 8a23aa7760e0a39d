/**
 * `POST /recommendations` against a Fastify route that returns a constant: requests a second, in turns, in the same run. The servers
 * are processes of their own, whose processor time is told too: it hardly depends on what else the machine does. Requests come over
 * connections that stay open, one at a time on each as HTTP clients have it, from a client that does nothing else.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { connect } from 'node:net'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { MatineeError } from '../src/contracts/errors.ts'

const serverModule = fileURLToPath(new URL('questionnaire/server.ts', import.meta.url))
const body = '{"entry":[1,2,3,4,5]}'
const answerStart = Buffer.from('HTTP/1.1 200')
interface Server {
  readonly child: ChildProcess
  readonly port: number
}

function start(kind: 'questionnaire' | 'constant', children: ChildProcess[]): Promise<Server> {
  return new Promise((resolve, reject) => {
    const child = fork(serverModule, [kind])
    children.push(child)
    child.once('message', (port) => resolve({ child, port: Number(port) }))
    child.once('exit', (code) => reject(new MatineeError('internal', `the ${kind} server ended with ${code}`)))
  })
}

/** Microseconds of processor time that a server has used. */
function processorTime({ child }: Server): Promise<number> {
  return new Promise((resolve) => {
    child.once('message', (microseconds) => resolve(Number(microseconds)))
    child.send('how long?')
  })
}

interface Measured {
  readonly answersASecond: number
  /** Of the server, whatever else runs on the machine. */
  readonly microsecondsAnAnswer: number
}

interface Load {
  readonly seconds: number
  readonly connections: number
  /** Requests under way on one connection. */
  readonly pipelined: number
}

async function measure(server: Server, contentType: string, { seconds, connections, pipelined }: Load): Promise<Measured> {
  const { port } = server
  const usedBefore = await processorTime(server)
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
  const answersASecond = answered / ((performance.now() - started) / 1000)
  return { answersASecond, microsecondsAnAnswer: ((await processorTime(server)) - usedBefore) / answered }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '40' },
      seconds: { type: 'string', default: '0.5' },
      connections: { type: 'string', default: '32' },
      pipelined: { type: 'string', default: '1' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write('npm run bench -- questionnaire [--rounds 40] [--seconds 0.5] [--connections 32] [--pipelined 1]\n')
    return
  }
  const load = { seconds: Number(values.seconds), connections: Number(values.connections), pipelined: Number(values.pipelined) }
  const children: ChildProcess[] = []
  try {
    const constant = await start('constant', children)
    const questionnaire = await start('questionnaire', children)
    const rounds: { readonly constant: Measured; readonly questionnaire: Measured }[] = []
    for (let round = 0; round <= Number(values.rounds); round++) {
      const measured = {
        constant: await measure(constant, 'application/json', load),
        questionnaire: await measure(questionnaire, 'application/x-www-form-urlencoded', load),
      }
      if (round > 0) rounds.push(measured) // the first one warms up
    }
    const middle = (of: (one: (typeof rounds)[number]) => number): number => Math.round(median(rounds.map(of)) * 1000) / 1000
    process.stdout.write(
      `${JSON.stringify({
        constant: {
          a_second: middle((one) => one.constant.answersASecond),
          processor_us: middle((one) => one.constant.microsecondsAnAnswer),
        },
        questionnaire: {
          a_second: middle((one) => one.questionnaire.answersASecond),
          processor_us: middle((one) => one.questionnaire.microsecondsAnAnswer),
        },
        ratio: middle((one) => one.questionnaire.answersASecond / one.constant.answersASecond),
        ratio_by_processor_time: middle((one) => one.constant.microsecondsAnAnswer / one.questionnaire.microsecondsAnAnswer),
      })}\n`,
    )
  } finally {
    for (const child of children) if (child.connected) child.disconnect()
  }
}
