/** Compose files, as the specification's own loader reads them: against its schema, and for whether the parts go together. */
import { join } from 'node:path'
import { Type, type Static } from 'typebox'
import { goInstall } from '../../src/adapters/tools/go-install.ts'
import { cacheFolder, executableName, isExecutable, outputOf, reasonOf } from '../../src/adapters/tools/programs.ts'
import { parseDocument } from '../../src/contracts/documents.ts'
import { MatineeError } from '../../src/contracts/errors.ts'

const environment = process.env
const loader = { package: 'github.com/compose-spec/compose-go/v2/cmd', version: 'v2.13.0' } as const

/** Built once with Go, whose modules are checked against the checksum database. @throws MatineeError `tool_missing`. */
async function findLoader(): Promise<string> {
  const path = join(cacheFolder(environment), 'bin', executableName(`compose-spec-${loader.version}`))
  if (await isExecutable(path)) return path
  try {
    await goInstall({ ...loader, path, environment, log: (line) => void process.stderr.write(`${line}\n`) })
    return path
  } catch (cause) {
    throw new MatineeError(
      'tool_missing',
      `compose-spec is missing and could not be built (${reasonOf(cause)}); install Go from https://go.dev/dl, then run the tests again`,
      { cause, details: { tool: 'compose-spec' } },
    )
  }
}

const Service = Type.Object({
  image: Type.String(),
  build: Type.Optional(Type.Unknown()),
  restart: Type.String(),
  environment: Type.Optional(Type.Record(Type.String(), Type.Union([Type.String(), Type.Null()]))),
  ports: Type.Optional(Type.Array(Type.Object({ host_ip: Type.Optional(Type.String()), published: Type.String() }))),
  healthcheck: Type.Optional(Type.Object({ test: Type.Optional(Type.Array(Type.String())), disable: Type.Optional(Type.Boolean()) })),
  depends_on: Type.Optional(Type.Record(Type.String(), Type.Object({ condition: Type.String() }))),
  volumes: Type.Optional(
    Type.Array(
      Type.Object({
        type: Type.String(),
        source: Type.Optional(Type.String()),
        target: Type.String(),
        read_only: Type.Optional(Type.Boolean()),
      }),
    ),
  ),
  networks: Type.Record(Type.String(), Type.Unknown()),
  deploy: Type.Object({ resources: Type.Object({ limits: Type.Object({ cpus: Type.String(), memory: Type.String() }) }) }),
  user: Type.Optional(Type.String()),
  init: Type.Optional(Type.Boolean()),
  read_only: Type.Optional(Type.Boolean()),
  privileged: Type.Optional(Type.Boolean()),
  cap_drop: Type.Optional(Type.Array(Type.String())),
  security_opt: Type.Optional(Type.Array(Type.String())),
})
export type ComposeService = Static<typeof Service>

const Compose = Type.Object({
  services: Type.Record(Type.String(), Service),
  networks: Type.Record(Type.String(), Type.Object({ internal: Type.Optional(Type.Boolean()) })),
  volumes: Type.Record(Type.String(), Type.Unknown()),
})
export type ComposeFile = Static<typeof Compose>

/** What a file says, in long form; variables stay as they are written. @throws Error with what the loader finds wrong. */
export async function loadCompose(path: string): Promise<ComposeFile> {
  const json = await outputOf(await findLoader(), ['-no-interpolation', '-no-path-resolution', '-format', 'json', path], environment)
  return parseDocument(Compose, json, path)
}
