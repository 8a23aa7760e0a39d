/** The project's own files, for tests that read the project itself. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../', import.meta.url))

/** What .gitignore names, and git's own; asked of the tree, since a machine that runs the tests may have no git. */
const ignored = /^(node_modules|\.git|\.matinee|\.cache|dist|\.env|.*\.log)$/

/** Paths from the root, with `/`, in order. */
export function projectFiles(folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter(({ name }) => !ignored.test(name))
    .flatMap((entry) => (entry.isDirectory() ? projectFiles(`${folder}${entry.name}/`) : [`${folder}${entry.name}`]))
    .toSorted()
}

export const textOf = (path: string): string => readFileSync(join(root, path), 'utf8')
