/**
 * Runs one server and ends it with its parent: `node keeper.ts GRACE_MS COMMAND ARG…`.
 * The parent holds the other end of this process's standard input. The system closes it however the parent ends,
 * `kill -9` included; then, or on SIGTERM, the server gets SIGTERM, and SIGKILL when it takes longer than GRACE_MS.
 * On SIGUSR2 it gets SIGKILL at once. Either way this process outlives it, so that whoever waits for this one knows
 * that the server's port and files are free.
 * Standard output and error are the server's. Exits as the server did.
 */
import { spawn } from 'node:child_process'

const [graceText = '', command = '', ...args] = process.argv.slice(2)
const server = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })

function stop(): void {
  server.kill('SIGTERM')
  setTimeout(() => server.kill('SIGKILL'), Number(graceText)).unref()
}

process.stdin.resume().once('close', stop)
process.once('SIGTERM', stop)
process.once('SIGINT', stop)
process.once('SIGUSR2', () => server.kill('SIGKILL'))
server.once('error', (error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(127)
})
server.once('exit', (code, signal) => process.exit(code ?? (signal === 'SIGTERM' ? 0 : 1)))
