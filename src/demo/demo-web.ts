/** The web app of the demo: built when it is missing or older than its sources, beside what else starts. */
import { spawn } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { projectFile } from '../project-files.ts'

const root = projectFile('')

/** Never fails: the demo is of use without its pages, and what is missing is said. */
export async function ensureWebApp(say: (line: string) => void): Promise<void> {
  try {
    const sources = await newestChange(join(root, 'web'))
    const built = await changedAt(join(root, 'dist/web/index.html'))
    if (sources === undefined || (built !== undefined && built > sources)) return
    say('Building the web app …')
    await build()
  } catch (error) {
    say(`The web app could not be built (${error instanceof Error ? error.message : String(error)}); "npm run build:web" says more`)
  }
}

function build(): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [join(root, 'node_modules/vite/bin/vite.js'), 'build', join(root, 'web'), '--logLevel', 'error'],
      {
        cwd: root,
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    let complaint = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text))
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(complaint.trim().split('\n')[0] ?? `ended with ${code ?? signal}`))
    })
  })
}

const changedAt = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => undefined,
  )

/** Of all files below a folder; undefined where there is none, as in an image, which brings the app built. */
async function newestChange(folder: string): Promise<number | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const times = await Promise.all(entries.filter((entry) => entry.isFile()).map((entry) => changedAt(join(entry.parentPath, entry.name))))
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 ? undefined : Math.max(...known)
}
