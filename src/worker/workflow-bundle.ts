/**
 * The workflows as one script, which is what the SDK runs in its sandbox. `scripts/build.mjs` makes it ahead, for an
 * image: a worker starts sooner so, with less memory, and what the sandbox forbids shows before a deployment.
 */
import { bundleWorkflowCode, DefaultLogger, type WorkflowBundle } from '@temporalio/worker'
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import manifest from '../../package.json' with { type: 'json' }
import { isBuilt, projectFile } from '../project-files.ts'

const source = projectFile('src')
const builtFolder = projectFile('dist')

/** All that a bundle may be made of (the dependency rules see to that), besides the packages. */
const bundledFolders = ['contracts', 'workflows'] as const

export type BundleOrigin = 'built ahead' | 'built now' | 'built now, since dist/workflow-bundle.js is of other sources'

/** @param folder of a bundle that was built ahead; one of other sources is left aside. Programs that were built have no sources: all was built with them. */
export async function loadWorkflowBundle(
  folder = builtFolder,
): Promise<{ readonly bundle: WorkflowBundle; readonly origin: BundleOrigin }> {
  const built = await readFile(digestPath(folder), 'utf8').catch(() => undefined)
  if (built === undefined) return { bundle: await bundleNow(), origin: 'built now' }
  if (isBuilt || built.trim() === (await digestOfSources())) {
    const code = await readFile(bundlePath(folder), 'utf8').catch(() => undefined)
    if (code !== undefined) return { bundle: { code }, origin: 'built ahead' }
  }
  return { bundle: await bundleNow(), origin: 'built now, since dist/workflow-bundle.js is of other sources' }
}

/** Leaves `workflow-bundle.js` in `folder`, with the digest of what it was made of beside it. Answers its path. */
export async function buildWorkflowBundle(folder = builtFolder): Promise<string> {
  await mkdir(folder, { recursive: true })
  await rm(digestPath(folder), { force: true }) // written last: a bundle without one is not finished
  const digest = await digestOfSources()
  const { code } = await bundleNow()
  await writeFile(bundlePath(folder), code)
  await writeFile(digestPath(folder), `${digest}\n`)
  return bundlePath(folder)
}

const bundlePath = (folder: string): string => join(folder, 'workflow-bundle.js')
const digestPath = (folder: string): string => join(folder, 'workflow-bundle.sha256')

const bundleNow = (): Promise<WorkflowBundle> =>
  bundleWorkflowCode({ workflowsPath: join(source, 'workflows', 'index.ts'), logger: new DefaultLogger('WARN') })

/** SHA-256, hex, over names and contents in the order of the names, and over the packages' versions. */
async function digestOfSources(): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(manifest.dependencies))
  for (const folder of bundledFolders) {
    const names = await readdir(join(source, folder), { recursive: true })
    for (const name of names.filter((each) => each.endsWith('.ts') && !each.endsWith('.test.ts')).toSorted())
      hash.update(`\0${folder}/${name}\0`).update(await readFile(join(source, folder, name)))
  }
  return hash.digest('hex')
}
