/** Writes the web app's types of the API from docs/openapi.json. With --check nothing is written: exit code 1 where they are out of date. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { clientTypes } from './client-types.ts'

const target = new URL('../client/schema.ts', import.meta.url)
const document: unknown = JSON.parse(readFileSync(new URL('../docs/openapi.json', import.meta.url), 'utf8'))
const formatter = fileURLToPath(new URL('../node_modules/oxfmt/bin/oxfmt', import.meta.url))
const { stdout, stderr, status } = spawnSync(process.execPath, [formatter, '--stdin-filepath', fileURLToPath(target)], {
  input: clientTypes(document),
  encoding: 'utf8',
})
if (status !== 0) throw new Error(`oxfmt: ${stderr}`)

if (!process.argv.includes('--check')) writeFileSync(target, stdout)
else if (readFileSync(target, 'utf8') !== stdout) {
  process.stderr.write('client/schema.ts is out of date; "node scripts/write-client.ts" writes it anew\n')
  process.exitCode = 1
}
