/** Rules of the code that neither the compiler, the linter nor the dependency rules can say; each with its reason. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { Type } from 'typebox'
import { parseDocument } from '../src/contracts/documents.ts'
import { projectFiles, textOf } from './support/project-files.ts'

const files = projectFiles()
const code = files.filter((path) => /\.m?ts$|\.mjs$/.test(path))
const production = code.filter((path) => path.startsWith('src/') && !path.endsWith('.test.ts'))

interface Line {
  readonly place: string
  readonly text: string
}

const linesOf = (paths: readonly string[]): readonly Line[] =>
  paths.flatMap((path) =>
    textOf(path)
      .split('\n')
      .map((text, index) => ({ place: `${path}:${index + 1}`, text: text.trim() })),
  )
const isComment = ({ text }: Line): boolean => /^(\/\/|\/?\*)/.test(text)
const codeWith = (pattern: RegExp, paths: readonly string[]): readonly Line[] =>
  linesOf(paths).filter((line) => !isComment(line) && pattern.test(line.text))

// A setting read in a corner is one that `matinee config` does not show and nothing checks at the start.
test('only src/config reads the environment', () => {
  const readers = [
    'src/config/',
    'src/demo/demo.ts', // an entry point: keeps the person's own settings away from what it starts
  ]
  const others = production.filter((path) => !readers.some((reader) => path.startsWith(reader)))
  assert.deepEqual(codeWith(/process\.env|import\.meta\.env/, others), [])
})

// The same seed has to give the same bytes, on any day and machine.
test('numbers know neither clock nor chance', () => {
  const model = production.filter((path) => path.startsWith('src/model/'))
  assert.ok(model.length > 5)
  assert.deepEqual(codeWith(/Math\.random|Date\.now|new Date\b|\bDate\(|performance\.|crypto\.|setTimeout|process\./, model), [])
})

// What comes from outside is checked by a schema, where a cast would only silence the compiler.
test('parsed JSON is never cast', () => {
  assert.deepEqual(codeWith(/(JSON\.parse\(.*\)|\.json\(\)\)?) as /, production), [])
})

test('a suppression says why', () => {
  const suppression = /\/[/*] *((oxlint|eslint)-disable|@ts-(expect-error|ignore|nocheck))/
  const silent = linesOf(code).filter(({ text }) => suppression.test(text) && !/ -- \S.{8,}/.test(text))
  assert.deepEqual(silent, [])
})

// Such a name says where things were put, and no reader looks there.
test('a file is named for what is in it', () => {
  const nameless = /^(utils?|common|helpers?|misc|shared|lib|stuff|part-(one|two|\d))\b/
  assert.deepEqual(
    files.filter((path) => path.split('/').some((part) => nameless.test(part))),
    [],
  )
})

// Longer than this, and a file has two purposes.
test('no file is long', () => {
  assert.deepEqual(
    code.filter((path) => path !== 'client/schema.ts' && textOf(path).split('\n').length > 600),
    [],
  )
})

// What works in one place only: a package registry's address, or where the project lies on someone's machine.
test('no file names a machine or a registry', () => {
  const text = files.filter((path) => /\.(m?ts|mjs|json|md|ya?ml|ipynb|txt|sh)$|(^|\/)(\.\w+|run)$/.test(path))
  assert.ok(text.includes('package-lock.json') && text.includes('.npmrc') && text.includes('.ci/run'))
  const machine = /(?<![\w.-])\/(?:root|work|home|Users)\/[\w.-]/
  const registry = /\bregistry\.[\w-]+\.(?:com|org|net|io|dev)\b|^(?:.*:)?(?:registry|index-url|extra-index-url|find-links)\s*=/
  const placed = linesOf(text).filter((line) => machine.test(line.text) || registry.test(line.text))
  assert.deepEqual(placed, [])
})

// CONTRIBUTING: what is installed today is what was tried, not the newest upload of a stranger.
test('dependencies are exact, and the lock file is whole on every platform', () => {
  const Versions = Type.Optional(Type.Record(Type.String(), Type.String()))
  const Dependencies = Type.Object({ dependencies: Versions, devDependencies: Versions, optionalDependencies: Versions })
  const Lock = Type.Object({ packages: Type.Record(Type.String(), Dependencies) })

  const { dependencies, devDependencies, optionalDependencies } = parseDocument(Dependencies, textOf('package.json'), 'package.json')
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }))
    assert.match(version, /^\d+\.\d+\.\d+([.-][\w.-]+)?$/, name)

  const { packages } = parseDocument(Lock, textOf('package-lock.json'), 'package-lock.json')
  const names = new Set(Object.keys(packages).map((place) => place.split('node_modules/').at(-1)))
  for (const [place, { optionalDependencies: platforms }] of Object.entries(packages))
    for (const name of Object.keys(platforms ?? {}))
      assert.ok(names.has(name), `${place} needs ${name} on some platform, and the lock file lacks it`)
})
