/**
 * What serves, and what was done about it: promotions, rollbacks, answers to held runs. `models/latest.json` is changed by conditional
 * writes alone; what was done is written down below `timeline/`, one object an entry, never changed and never removed.
 */
import { Type, type Static } from 'typebox'
import { LatestModel, ModelManifest } from './documents.ts'
import { MatineeError } from './errors.ts'
import type { ObjectStore } from './ports.ts'
import { storeKeys } from './store-keys.ts'
import { createOnce, documentText, readDocument, updateDocument } from './stored-documents.ts'

export const timelineEvents = ['promoted', 'archived', 'rolled_back', 'approved', 'rejected'] as const
export type TimelineEvent = (typeof timelineEvents)[number]

/** `timeline/<time>-<what>-<subject>.json`. */
export const TimelineEntry = Type.Object({
  format: Type.Literal(1),
  at: Type.String({ description: 'When, in UTC' }),
  what: Type.Unsafe<TimelineEvent>(Type.String({ enum: [...timelineEvents] })),
  /** The model in question. */
  version: Type.Optional(Type.String()),
  /** What served before. */
  previous: Type.Optional(Type.String()),
  week: Type.Optional(Type.String()),
  run: Type.Optional(Type.Object({ workflow_id: Type.String(), run_id: Type.Optional(Type.String()) })),
  by: Type.String({ description: 'A key, a person or `run`' }),
  reason: Type.String(),
})
export type TimelineEntry = Static<typeof TimelineEntry>

/** Keys sort by time. The same entry has the same key, so that writing it again changes nothing. */
export const timelineKey = ({ at, what, version, run }: TimelineEntry): string =>
  `${timelinePrefix}${at.replaceAll(/[-:]/g, '')}-${what}-${(version ?? run?.workflow_id ?? 'none').replaceAll(/[^\w.-]/g, '_')}.json`

export const timelinePrefix = 'timeline/'

export const isTimelineKey = (key: string): boolean => /^timeline\/[^/]+\.json$/.test(key)

/** @throws MatineeError `store_conflict` where another entry of the same moment, kind and subject is there. */
export async function appendTimeline(store: ObjectStore, ...entries: readonly TimelineEntry[]): Promise<void> {
  for (const entry of entries) await createOnce(store, timelineKey(entry), documentText(entry))
}

/** By whom, why, and when (milliseconds since 1970). */
export interface Decision {
  readonly by: string
  readonly reason: string
  readonly atMs: number
}

export interface Promotion {
  readonly version: string
  readonly previous: string | undefined
  readonly promotedAt: string
}

/**
 * Lets a model of the store serve. Where it does already nothing is changed or written down.
 * @throws MatineeError `not_found` where the store has no such model.
 */
export async function promoteModel(store: ObjectStore, version: string, decision: Decision): Promise<Promotion> {
  return serve(store, version, 'promoted', decision)
}

/**
 * Lets the model serve that served before the present one came. Rolling back twice goes back two models.
 * @throws MatineeError `run_state` where none served before, `not_found` where its files are gone.
 */
export async function rollBackModel(store: ObjectStore, decision: Decision): Promise<Promotion> {
  const latest = await store.read(storeKeys.modelLatest)
  if (latest === undefined) throw new MatineeError('run_state', 'no model serves yet: there is nothing to roll back')
  const { version } = await readDocument(store, LatestModel, storeKeys.modelLatest)
  const before = await servedBefore(store, version)
  if (before === undefined)
    throw new MatineeError('run_state', `no model is known to have served before ${version}; name one: matinee models promote VERSION`)
  return serve(store, before, 'rolled_back', decision, version)
}

async function servedBefore(store: ObjectStore, version: string): Promise<string | undefined> {
  const keys: string[] = []
  for await (const { key } of store.list(timelinePrefix))
    if (isTimelineKey(key) && key.endsWith(`-promoted-${version}.json`)) keys.push(key)
  for (const key of keys.toReversed()) {
    const { previous } = await readDocument(store, TimelineEntry, key)
    if (previous !== undefined && previous !== version) return previous
  }
  return undefined
}

/** `expected`: what must serve until now; another writer that was first is told by `store_conflict`. */
async function serve(
  store: ObjectStore,
  version: string,
  what: 'promoted' | 'rolled_back',
  { by, reason, atMs }: Decision,
  expected?: string,
): Promise<Promotion> {
  const manifestKey = storeKeys.model(version, 'manifest.json')
  if ((await store.stat(manifestKey)) === undefined)
    throw new MatineeError('not_found', `there is no model ${version}; "matinee models list" lists those there are`)
  const { week } = await readDocument(store, ModelManifest, manifestKey)
  const promotedAt = new Date(atMs).toISOString()
  const latest = await updateDocument(store, LatestModel, storeKeys.modelLatest, (current) => {
    if (expected !== undefined && current?.version !== expected)
      throw new MatineeError(
        'store_conflict',
        `${storeKeys.modelLatest} names ${current?.version ?? 'no model'} now, not ${expected}; look again`,
      )
    if (current?.version === version) return undefined
    return { version, week, promoted_at: promotedAt, ...(current === undefined ? {} : { previous: current.version }) }
  })
  const previous = latest?.promoted_at === promotedAt ? latest.previous : undefined
  if (latest?.promoted_at === promotedAt)
    await appendTimeline(store, {
      format: 1,
      at: promotedAt,
      what,
      version,
      ...(previous === undefined ? {} : { previous }),
      week,
      by,
      reason,
    })
  return { version, previous, promotedAt: latest?.promoted_at ?? promotedAt }
}
