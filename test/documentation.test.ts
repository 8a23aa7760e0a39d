/** What the documentation says is so: commands exist, links lead somewhere, generated parts are up to date, snippets compile. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join, normalize } from 'node:path'
import test from 'node:test'
import { promisify } from 'node:util'
import { Type } from 'typebox'
import { shownConfig } from '../src/cli/config.ts'
import { readConfig, variables } from '../src/config/environment.ts'
import { parseDocument } from '../src/contracts/documents.ts'
import { main } from './support/command-line.ts'
import { projectFiles, root, textOf } from './support/project-files.ts'

const run = promisify(execFile)
const pages = projectFiles().filter((path) => path.endsWith('.md'))
const readme = textOf('README.md')

interface Block {
  readonly path: string
  readonly language: string
  readonly text: string
}

const blocks: readonly Block[] = pages.flatMap((path) =>
  [...textOf(path).matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({ path, language, text })),
)
const withoutBlocks = (text: string): string => text.replaceAll(/^```.*?^```$/gms, '')

test('every npm script that a page names exists', () => {
  const Package = Type.Object({ scripts: Type.Record(Type.String(), Type.String()) })
  const { scripts } = parseDocument(Package, textOf('package.json'), 'package.json')
  const npmsOwn = ['ci', 'install']
  for (const path of pages)
    for (const [all, script, shorthand] of textOf(path).matchAll(/\bnpm (?:run ([\w:-]+)|([a-z]+))/g))
      assert.ok(
        script !== undefined ? script in scripts : npmsOwn.includes(shorthand ?? '') || (shorthand ?? '') in scripts,
        `${path}: ${all}`,
      )
})

/** Commands as README's table has them, with the flags that it names: `schedule backfill --from --to`. */
function commandsOfReadme(): readonly string[] {
  const table = /^\| command \|.*\n\|[-|]+\|\n((?:\|.*\n)+)/m.exec(readme)?.[1] ?? ''
  const cells = table.split('\n').map((row) => /^\| ((?:[^|\\]|\\.)+) \|/.exec(row)?.[1] ?? '')
  return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)]).flatMap(([, usage = '']) => commandsOf(usage))
}

/** `run [--week W]` is `run --week`; `schedule show\|pause` is two. */
function commandsOf(usage: string): readonly string[] {
  const isValue = /^[A-Z]+$/
  let commands = ['']
  for (const word of usage.replaceAll(/[[\]]/g, '').split(' ')) {
    if (isValue.test(word)) continue
    commands = word.split(String.raw`\|`).flatMap((one) => commands.map((command) => `${command} ${one}`.trim()))
  }
  return commands
}

const helps = new Map<string, Promise<string>>()
function helpOf(command: string): Promise<string> {
  const words = command === '' ? [] : command.split(' ')
  const help = helps.get(command) ?? run(process.execPath, [main(), ...words, '--help']).then(({ stdout }) => stdout)
  helps.set(command, help)
  return help
}
const subcommandsIn = (help: string): string[] =>
  [...(help.split('Commands:\n')[1] ?? '').matchAll(/^ {2}([\w-]+)/gm)].map(([, name = '']) => name).filter((name) => name !== 'help')
const topCommands = helpOf('').then(subcommandsIn)

test('README lists exactly the commands that there are', async () => {
  const listed = commandsOfReadme()
  const there = await Promise.all(
    (await topCommands).map(async (command) => {
      const below = subcommandsIn(await helpOf(command))
      return below.length === 0 ? [command] : below.map((name) => `${command} ${name}`)
    }),
  )
  assert.deepEqual(listed.map((command) => command.replaceAll(/ --.*/g, '')).toSorted(), there.flat().toSorted())
  for (const command of listed.filter((one) => one.includes(' --'))) {
    const [name = '', ...flags] = command.split(/ (?=--)/)
    const help = await helpOf(name)
    for (const flag of flags) assert.match(help, new RegExp(`^ {2}${flag}\\b`, 'm'), `${name} has no ${flag}`)
  }
})

test('every matinee command in a page’s text or snippets exists', async () => {
  const top = await topCommands
  for (const path of pages)
    for (const [all, command = ''] of textOf(path).matchAll(/(?<=`|^\s*)(?:npx )?matinee ([a-z-]+)/gm))
      assert.ok(top.includes(command), `${path}: ${all}`)
})

/** As GitHub makes anchors of headings. */
const anchorsOf = (text: string): string[] =>
  [...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  )

test('every relative link leads to a file and a heading', () => {
  for (const path of pages)
    for (const [link, target = ''] of withoutBlocks(textOf(path)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [file = '', anchor] = target.split('#')
      const led = file === '' ? path : normalize(join(dirname(path), decodeURI(file)))
      assert.ok(existsSync(join(root, led)), `${path}: ${link}: there is no ${led}`)
      if (anchor !== undefined) assert.ok(anchorsOf(textOf(led)).includes(anchor), `${path}: ${link}: there is no such heading`)
    }
})

test('every variable that a page names exists', () => {
  for (const path of pages)
    for (const [name] of textOf(path).matchAll(/\bMATINEE_[A-Z][A-Z_]*[A-Z]\b/g)) assert.ok(name in variables, `${path}: ${name}`)
})

test('generated parts are up to date', async () => {
  await run(process.execPath, ['scripts/write-docs.mjs', '--check'], { cwd: root })
})

test('the defaults that .env.example shows are those in force', () => {
  const shown = [...textOf('.env.example').matchAll(/^# ([A-Z_]+)=(.+)$/gm)].map(([, name = '', value = '']) => [name, value] as const)
  assert.ok(shown.length > 5)
  assert.deepEqual(shownConfig(readConfig(Object.fromEntries(shown))), shownConfig(readConfig({})))
})

test('TypeScript and JSON snippets compile', async (context) => {
  for (const { path, language, text } of blocks) if (language === 'json') assert.doesNotThrow(() => JSON.parse(text), `${path}: ${text}`)
  const snippets = blocks.filter(({ language }) => language === 'ts' || language === 'typescript')
  if (snippets.length === 0) return
  // Below the root, so that packages are found.
  await mkdir(join(root, '.matinee'), { recursive: true })
  const folder = await mkdtemp(join(root, '.matinee/snippets-'))
  context.after(() => rm(folder, { recursive: true, force: true }))
  const compilerOptions = { paths: { 'matinee-client': ['../../client/index.ts'] } }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ extends: '../../tsconfig.json', include: ['*.ts'], compilerOptions }))
  for (const [index, { text }] of snippets.entries()) await writeFile(join(folder, `snippet-${index}.ts`), text)
  await run('tsc', ['--project', folder]).catch((error: { stdout: string }) => assert.fail(error.stdout))
})

test('the changelog has a place for what is not released yet', () => {
  assert.match(textOf('CHANGELOG.md'), /^## Unreleased\n\n\S/m)
})

test('the code map has every folder of src, and none that is not there', () => {
  const named = [...textOf('ARCHITECTURE.md').matchAll(/^\| `([\w/.-]+)` \|/gm)].map(([, folder = '']) => folder)
  for (const folder of named) assert.ok(existsSync(join(root, folder)), `${folder} is in the code map and not there`)
  const folders = new Set(projectFiles('src/').map((path) => path.split('/').slice(0, 2).join('/')))
  assert.deepEqual(
    [...folders].filter((folder) => !named.includes(folder)),
    [],
  )
})
