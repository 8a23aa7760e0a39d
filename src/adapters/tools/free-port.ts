/** Ports: one that is free, the proof that a wanted one is, and whether somebody listens. */
import { connect, createServer } from 'node:net'
import { MatineeError } from '../../contracts/errors.ts'

/** Ports given out by this process: the system may name one again before its server listens. */
const given = new Set<number>()

/** Listens on `port` (0: any) for a moment, and answers the port. */
function listenOnce(host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address()
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}

/** A TCP port that nobody listens on. Another program may take it before its server does: bind soon. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  let port = await listenOnce(host, 0)
  while (given.has(port)) port = await listenOnce(host, 0)
  given.add(port)
  return port
}

/**
 * Checks that `port` can be listened on.
 * @param wayOut what a person can do, such as `give another with --port`
 * @throws MatineeError `port_taken` naming the port and what it was wanted for.
 */
export async function requirePort(host: string, port: number, what: string, wayOut: string): Promise<void> {
  try {
    await listenOnce(host, port)
  } catch (cause) {
    const reason =
      cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE' ? 'is taken by another program' : 'cannot be opened'
    throw new MatineeError('port_taken', `port ${port} on ${host}, wanted for ${what}, ${reason}; ${wayOut}`, {
      cause,
      details: { host, port },
    })
  }
}

/** Resolves when something accepts connections there. @throws when nothing does. */
export function requireListener(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: 2000 })
    socket.once('error', reject)
    socket.once('timeout', () => socket.destroy(new Error(`no answer from port ${port} on ${host}`)))
    socket.once('connect', () => {
      socket.destroy()
      resolve()
    })
  })
}

export async function isPortFree(host: string, port: number): Promise<boolean> {
  return listenOnce(host, port).then(
    () => true,
    () => false,
  )
}
