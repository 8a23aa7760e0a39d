import type { Role } from '../config/environment.ts'

/** On whose behalf a request is done; written beside what it changes. */
export interface Caller {
  readonly name: string
  readonly role: Role
}
