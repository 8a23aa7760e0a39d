/** Stands between a client and a server, and loses what it is told to lose. */
import { connect, createServer, type Socket } from 'node:net'
import { freePort } from '../../src/adapters/tools/free-port.ts'

interface Loss {
  /** Told by the first line of the request, such as `PUT /bucket/key HTTP/1.1`. */
  readonly of?: RegExp
  /** Bytes of the answer that get through before its connection breaks, or before the wrong one; none where left out. */
  readonly afterBytes?: number
  /** How many answers; one where left out. */
  readonly times?: number
  /** Instead of breaking the connection, one bit is flipped. */
  readonly flipBit?: boolean
}

export interface FlakyProxy {
  readonly port: number
  /** From the next request on, in place of what was said before. */
  loseAnswers(loss: Loss): void
  close(): void
}

export async function startFlakyProxy(targetPort: number): Promise<FlakyProxy> {
  const port = await freePort()
  const sockets = new Set<Socket>()
  let loss: Required<Loss> = { of: /^/, afterBytes: 0, times: 0, flipBit: false }
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1')
    let affected = false
    let answeredBytes = 0
    for (const socket of [client, target]) {
      sockets.add(socket)
      socket.on('error', () => {})
    }
    client.once('close', () => target.destroy())
    target.once('close', () => client.end())
    client.on('data', (chunk: Buffer) => {
      const [firstLine = ''] = chunk.toString('latin1').split('\r\n', 1)
      if (firstLine.endsWith(' HTTP/1.1')) {
        affected = loss.of.test(firstLine)
        answeredBytes = 0
      }
      target.write(chunk)
    })
    target.on('data', (chunk: Buffer) => {
      answeredBytes += chunk.length
      if (!affected || loss.times === 0 || answeredBytes <= loss.afterBytes) {
        client.write(chunk)
        return
      }
      loss = { ...loss, times: loss.times - 1 }
      affected = false
      const at = chunk.length - (answeredBytes - loss.afterBytes)
      if (loss.flipBit) {
        chunk.writeUInt8(chunk.readUInt8(at) ^ 1, at)
        client.write(chunk)
      } else {
        target.destroy()
        client.write(chunk.subarray(0, at), () => client.destroy())
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    port,
    loseAnswers(next) {
      loss = { of: /^/, afterBytes: 0, times: 1, flipBit: false, ...next }
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
