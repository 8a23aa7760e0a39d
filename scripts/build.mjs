// What an image brings ready-made, into dist/: the bundle of the workflows, and the programs, each joined with the modules that it loads.
// Working on a clone needs none of it.
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { programs, projectFile } from '../src/project-files.ts'
import { buildWorkflowBundle } from '../src/worker/workflow-bundle.ts'

/** Packages that load parts of themselves by path, or are not JavaScript alone. */
const apart = ['@duckdb', '@fastify/static', '@fastify/swagger-ui', '@temporalio', 'knex', 'libsql', 'mysql2']

process.stdout.write(`${await buildWorkflowBundle()}\n`)
const folder = projectFile('dist/programs')
await rm(folder, { recursive: true, force: true })
const build = await rolldown({
  input: programs.map((program) => projectFile(`src/${program}.ts`)),
  platform: 'node',
  external: apart.map((name) => new RegExp(`^${name}(/|$)`)),
})
const { output } = await build.write({ dir: folder, entryFileNames: '[name].js', chunkFileNames: 'shared-[name]-[hash].js' })
for (const { fileName, code } of output) await writeFile(join(folder, fileName), inAscii(code, fileName))
process.stdout.write(`${folder}\n`)

/** V8 keeps sources, all at two bytes a character where one of them is not Latin: megabytes for a few words of Korean. */
function inAscii(code, fileName) {
  const escaped = /\\[^\0-\x7f]/.exec(code)
  if (escaped !== null) throw new Error(`${fileName}: a backslash before a character beyond ASCII, at ${escaped.index}`)
  return code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
