/** Loads the demo's tables once; a later start finds them. */
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Config } from '../config/environment.ts'
import { MatineeError } from '../contracts/errors.ts'
import { demoParameters, generateInto } from '../importing/generate-into.ts'
import { importMovielens } from '../importing/movielens.ts'

export type DemoData = { readonly kind: 'synthetic' } | { readonly kind: 'movielens'; readonly path: string }

/** @throws MatineeError `usage_invalid` where the folder holds other data than asked for. */
export async function loadDemoData(data: DemoData, config: Config, stateDirectory: string, say: (line: string) => void): Promise<void> {
  const wanted = data.kind === 'synthetic' ? `synthetic ${JSON.stringify(demoParameters)}` : `movielens ${resolve(data.path)}`
  const notePath = join(stateDirectory, 'data.txt')
  const there = await readFile(notePath, 'utf8').catch(() => undefined)
  if (there === wanted) return
  if (there !== undefined)
    throw new MatineeError(
      'usage_invalid',
      `${stateDirectory} holds other data (${there.split(' ')[0]}); give another folder with --state, or remove this one`,
    )
  say(data.kind === 'synthetic' ? 'Generating viewing logs …' : `Importing MovieLens from ${data.path} …`)
  if (data.kind === 'synthetic') await generateInto(config.database, demoParameters, { replace: true, progress: say })
  else await importMovielens(config.database, data.path, { replace: true, timeZone: config.timeZone, progress: say })
  await writeFile(notePath, wanted)
}
