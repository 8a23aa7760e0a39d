/**
 * A Dockerfile, read and carried out without a container engine: each stage is a folder, its commands run there on this
 * machine, and absolute paths of the image lie below the folder. The base image is taken to bring Node and npm.
 */
import { spawnSync } from 'node:child_process'
import {
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
} from 'node:fs'
import { basename, dirname, join, matchesGlob, relative, resolve } from 'node:path'

export interface Instruction {
  /** Upper case. */
  readonly keyword: string
  /** `--from=x` as `from: 'x'`. */
  readonly flags: Readonly<Record<string, string>>
  /** What follows the flags. */
  readonly text: string
  /** The parts of the JSON form, else what white space divides. */
  readonly words: readonly string[]
}

export interface Stage {
  readonly name: string
  readonly base: string
  readonly instructions: readonly Instruction[]
}

/** Of the last stage. Paths are the image's own: `inFolder` says where they are on this machine. */
export interface BuiltImage {
  readonly folder: string
  readonly environment: Readonly<Record<string, string>>
  readonly workingDirectory: string
  readonly user: string
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly healthCheck: readonly string[]
}

export function parseDockerfile(text: string): Stage[] {
  const stages: (Stage & { instructions: Instruction[] })[] = []
  const withoutComments = text.replaceAll(/^\s*#.*\n/gm, '').replaceAll(/\\\n/g, ' ')
  for (const line of withoutComments.split('\n').filter((each) => each.trim() !== '')) {
    const instruction = parseInstruction(line.trim())
    if (instruction.keyword === 'FROM') {
      const [base = '', , name = ''] = instruction.words
      stages.push({ name, base, instructions: [] })
    } else {
      const stage = stages.at(-1)
      if (stage === undefined) throw new Error(`a Dockerfile begins with FROM, not with ${line}`)
      stage.instructions.push(instruction)
    }
  }
  return stages
}

function parseInstruction(line: string): Instruction {
  const match = /^(\w+)\s+((?:--[\w-]+=\S+\s+)*)(.*)$/.exec(line)
  if (match === null) throw new Error(`not an instruction of a Dockerfile: ${line}`)
  const [, keyword = '', flags = '', text = ''] = match
  const json: unknown = text.startsWith('[') ? JSON.parse(text) : undefined
  return {
    keyword: keyword.toUpperCase(),
    flags: Object.fromEntries([...flags.matchAll(/--([\w-]+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value])),
    text,
    words: Array.isArray(json) ? json.map(String) : text.split(/\s+/),
  }
}

/** Whether a path of the build context, relative to it, is kept from the build: the last pattern that fits decides. */
export function readIgnoreRules(text: string): (path: string) => boolean {
  const rules = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return (path) => {
    const parts = path.split('/')
    const withFolders = parts.map((_, index) => parts.slice(0, index + 1).join('/'))
    let ignored = false
    for (const rule of rules) {
      const pattern = rule.replace(/^!/, '')
      if (withFolders.some((each) => matchesGlob(each, pattern))) ignored = !rule.startsWith('!')
    }
    return ignored
  }
}

const hostFolders = /^\/(bin|sbin|usr\/bin|usr\/sbin|dev|proc|etc|tmp)(\/|$)/

/** A word or a command of the image, with its absolute paths as they are on this machine. */
export const inFolder = (folder: string, text: string): string =>
  text.replaceAll(/(?<![\w./\-$*{}])\/[\w][\w./-]*/g, (path) => (hostFolders.test(path) ? path : join(folder, path)))

/** What commands of the image find: Node where the base image has it, then this machine's tools. */
export const pathIn = (folder: string): string => `${join(folder, 'usr/local/bin')}:${process.env['PATH'] ?? ''}`

export interface BuildOptions {
  /** The folder that COPY copies from, with its `.dockerignore`. */
  readonly context: string
  /** Empty; stages become folders in it. */
  readonly folder: string
  /** Whose `--chown=NAME` makes files, where this process may give files away. */
  readonly userId: number
}

/** @throws Error with a command's last words when it fails, and for instructions that this does not know. */
export function buildImage(stages: readonly Stage[], options: BuildOptions): BuiltImage {
  const built = new Map<string, BuiltImage>()
  const ignored = readIgnoreRules(readFileSync(join(options.context, '.dockerignore'), 'utf8'))
  let image: BuiltImage | undefined
  for (const [index, stage] of stages.entries()) {
    const folder = join(options.folder, stage.name === '' ? `stage-${index}` : stage.name)
    image = startStage(stage, folder, built.get(stage.base))
    for (const instruction of stage.instructions) image = carryOut(instruction, image, built, ignored, options)
    built.set(stage.name, image)
  }
  if (image === undefined) throw new Error('the Dockerfile has no stage')
  return image
}

function startStage({ base }: Stage, folder: string, from: BuiltImage | undefined): BuiltImage {
  if (from !== undefined) {
    copyTree(from.folder, folder)
    return { ...from, folder }
  }
  if (!base.startsWith('node:')) throw new Error(`${base}: only Node's image is known`)
  mkdirSync(join(folder, 'usr/local/bin'), { recursive: true })
  copyTree(realpathSync(process.execPath), join(folder, 'usr/local/bin/node'))
  return { folder, environment: {}, workingDirectory: '/', user: 'root', entrypoint: [], command: [], healthCheck: [] }
}

function carryOut(
  { keyword, flags, text, words }: Instruction,
  image: BuiltImage,
  built: ReadonlyMap<string, BuiltImage>,
  ignored: (path: string) => boolean,
  options: BuildOptions,
): BuiltImage {
  switch (keyword) {
    case 'WORKDIR':
      mkdirSync(join(image.folder, text), { recursive: true })
      return { ...image, workingDirectory: resolve(image.workingDirectory, text) }
    case 'RUN':
      if (text === 'npm ci' && isInstalled(options.context)) installFrom(options.context, image)
      else run(inFolder(image.folder, text), image)
      return image
    case 'COPY':
      copy(words, flags, image, built, ignored, options)
      return image
    case 'ENV':
      return { ...image, environment: { ...image.environment, ...Object.fromEntries(words.map((word) => word.split('=', 2))) } }
    case 'USER':
      return { ...image, user: text }
    case 'ENTRYPOINT':
      return { ...image, entrypoint: words }
    case 'CMD':
      return { ...image, command: words }
    case 'HEALTHCHECK':
      return { ...image, healthCheck: parseInstruction(text).words }
    case 'EXPOSE':
      return image
    default:
      throw new Error(`${keyword}: not known here`)
  }
}

/**
 * Whether `npm ci` has brought here what the lock file names. Only root may use it: `nobody` cannot write to its files, while someone's own would
 * have to be made read-only, and they are the clone's.
 */
function isInstalled(context: string): boolean {
  return process.getuid?.() === 0 && spawnSync('node', ['scripts/ensure-dependencies.mjs', '--check'], { cwd: context }).status === 0
}

/** What `npm ci` would leave, linked, which is sooner done. That npm could do it from what was copied is tried all the same. */
function installFrom(context: string, image: BuiltImage): void {
  run('npm ci --dry-run', image)
  const from = join(context, 'node_modules')
  const to = join(image.folder, image.workingDirectory, 'node_modules')
  mkdirSync(to)
  for (const name of readdirSync(from)) if (name === '.bin' || !name.startsWith('.')) copyTree(join(from, name), join(to, name))
  // npm's own list, which it writes anew in its place when packages go.
  copyFileSync(join(from, '.package-lock.json'), join(to, '.package-lock.json'))
}

function run(command: string, image: BuiltImage): void {
  // What "npm test" tells its commands of this project would make an npm in another folder look here.
  const ofNpmRun = /^(INIT_CWD|npm_(package_.*|lifecycle_.*|command|execpath|node_execpath|config_(local|global)?_?prefix))$/i
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ofNpmRun.test(name)))
  const { status, stderr, stdout } = spawnSync('sh', ['-ec', command], {
    cwd: join(image.folder, image.workingDirectory),
    env: { ...environment, ...image.environment, PATH: pathIn(image.folder) },
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`RUN ${command}\nended with ${status}: ${`${stdout}${stderr}`.slice(-2000)}`)
}

function copy(
  words: readonly string[],
  { from, chown }: Readonly<Record<string, string>>,
  image: BuiltImage,
  built: ReadonlyMap<string, BuiltImage>,
  ignored: (path: string) => boolean,
  { context, userId }: BuildOptions,
): void {
  const stage = from === undefined ? undefined : built.get(from)
  if (from !== undefined && stage === undefined) throw new Error(`COPY --from=${from}: there is no such stage`)
  const target = words.at(-1) ?? ''
  const destination = join(image.folder, resolve(image.workingDirectory, target))
  for (const word of words.slice(0, -1)) {
    const source = join(stage?.folder ?? context, word)
    const isFolder = lstatSync(source).isDirectory()
    // A folder's content goes into the destination; a file goes into it where it ends in a slash.
    const place = !isFolder && (target.endsWith('/') || words.length > 2) ? join(destination, basename(source)) : destination
    mkdirSync(dirname(place), { recursive: true })
    if (stage !== undefined) copyTree(source, place)
    else cpSync(source, place, { recursive: true, verbatimSymlinks: true, filter: (path) => isFolderOrKept(path, context, ignored) })
    if (!existsSync(place)) throw new Error(`COPY ${word}: .dockerignore leaves nothing of it`)
    if (chown !== undefined && process.getuid?.() === 0) giveAway(place, userId)
  }
}

/** A folder may be ignored and hold what is not. */
const isFolderOrKept = (path: string, context: string, ignored: (path: string) => boolean): boolean =>
  lstatSync(path).isDirectory() || !ignored(relative(context, path))

/** Links files where it can: stages hold the same hundreds of megabytes, and none changes a file of another. */
function copyTree(from: string, to: string): void {
  const stat = lstatSync(from)
  if (stat.isDirectory()) {
    mkdirSync(to, { recursive: true })
    for (const name of readdirSync(from)) copyTree(join(from, name), join(to, name))
  } else if (stat.isSymbolicLink()) {
    symlinkSync(readlinkSync(from), to)
  } else {
    try {
      linkSync(from, to)
    } catch {
      copyFileSync(from, to) // another disk, or somebody else's file
    }
  }
}

function giveAway(path: string, userId: number): void {
  chownSync(path, userId, userId)
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) giveAway(join(path, name), userId)
}
