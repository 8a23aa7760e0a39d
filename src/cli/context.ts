import type { Config } from '../config/environment.ts'

/** What a command gets: configuration (read and checked on first use) and the two ways to speak. */
export interface CliContext {
  readonly config: () => Config
  /** The command's result: standard output. */
  readonly out: (text: string) => void
  /** What a person watches meanwhile: standard error. */
  readonly progress: (text: string) => void
}
