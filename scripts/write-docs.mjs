// `npm run docs`: writes what documentation says of the environment from the one table that the program itself reads.
// With --check nothing is written, and what is out of date is an error.
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { variables } from '../src/config/environment.ts'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** False for words such as "number of cores", which stand for a value that differs from machine to machine. */
function isValue(name, { default: text, read }) {
  try {
    read(text, name, {})
    return true
  } catch {
    return false
  }
}

function environmentTable() {
  const rows = Object.entries(variables).map(([name, variable]) => {
    const shown = variable.default === '' ? 'none' : isValue(name, variable) ? `\`${variable.default}\`` : variable.default
    return `| \`${name}\` | ${variable.meaning.replaceAll('|', '\\|')} | ${shown} |`
  })
  return ['| variable | meaning | default |', '|---|---|---|', ...rows].join('\n')
}

/** Everything is commented out: the file as it is changes nothing. */
function environmentExample() {
  const entries = Object.entries(variables).map(([name, variable]) => {
    const known = variable.default === '' || isValue(name, variable)
    return [
      `# ${variable.meaning.replaceAll('`', '')}`,
      ...(known ? [] : [`# Default: ${variable.default}`]),
      `# ${name}=${known ? variable.default : ''}`,
    ].join('\n')
  })
  return [
    '# Copy this to .env and take the # away where you want another value. The environment wins over the file.\n' +
      '# Made by scripts/write-docs.mjs from src/config/environment.ts.',
    ...entries,
    "# The Temporal server, by the names that Temporal's own tools know.\n# TEMPORAL_ADDRESS=localhost:7233\n# TEMPORAL_NAMESPACE=default",
    '# AWS credentials do not belong here: the AWS SDK finds them where it always does (a role, a profile, its own variables).',
    '',
  ].join('\n\n')
}

function withGenerated(text, path, name, content) {
  const [opening, closing] = [new RegExp(`^<!-- ${name}: .*-->$`, 'm').exec(text)?.[0], `<!-- /${name} -->`]
  if (opening === undefined || !text.includes(closing)) throw new Error(`${path} lacks the marks "<!-- ${name}: … -->" and "${closing}"`)
  const [before] = text.split(opening)
  const [, after] = text.split(closing)
  return `${before}${opening}\n${content}\n${closing}${after}`
}

const read = (path) => {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return ''
    throw error
  }
}

const wanted = {
  'README.md': withGenerated(read('README.md'), 'README.md', 'environment', environmentTable()),
  '.env.example': environmentExample().replace(/\n+$/, '\n'),
}
const stale = Object.keys(wanted).filter((path) => read(path) !== wanted[path])
if (!process.argv.includes('--check')) {
  for (const path of stale) writeFileSync(join(root, path), wanted[path])
  if (stale.length > 0) process.stdout.write(`written: ${stale.join(', ')}\n`)
} else if (stale.length > 0) {
  process.stderr.write(`out of date: ${stale.join(', ')}; "npm run docs" writes them anew\n`)
  process.exitCode = 1
}
