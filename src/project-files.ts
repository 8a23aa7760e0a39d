/**
 * Where files of the project lie, whether its sources run or what `npm run build` made of them: that lies in `dist/programs`, each program and
 * what several share in one file, without folders.
 */
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Whether this is running from `dist/programs`. */
export const isBuilt = import.meta.url.endsWith('.js')

const root = new URL(isBuilt ? '../../' : '../', import.meta.url)

/** What runs in a process or thread of its own; a path below `src`, without ending. */
export const programs = [
  'cli/main',
  'cli/health-check',
  'worker/training-process',
  'adapters/kernel-thread',
  'api/inspector-thread',
] as const
export type Program = (typeof programs)[number]

/** @param path from the project's folder, with `/` */
export const projectFile = (path: string): string => fileURLToPath(new URL(path, root))

/** The module that a program starts with. */
export const programFile = (program: Program): string =>
  fileURLToPath(new URL(isBuilt ? `${basename(program)}.js` : `${program}.ts`, import.meta.url))
