// What an image brings ready-made, into dist/: the bundle of the workflows, and the programs, each joined with the modules that it loads.
// Working on a clone needs none of it.
import { rm } from 'node:fs/promises'
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
await build.write({ dir: folder, entryFileNames: '[name].js', chunkFileNames: 'shared-[name]-[hash].js' })
process.stdout.write(`${folder}\n`)
