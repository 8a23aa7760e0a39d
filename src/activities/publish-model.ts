/** Completes a model's folder with its manifest, and lets it serve unless a newer week's model does. */
import { FinalResult, LatestModel, type ModelManifest, RawManifest, SplitResult } from '../contracts/documents.ts'
import type { Clock, ObjectStore } from '../contracts/ports.ts'
import type { PublishedModel, PublishInput } from '../contracts/run.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { documentText, readDocument, updateDocument } from '../contracts/stored-documents.ts'
import { appendTimeline, type TimelineEntry } from '../contracts/timeline.ts'
import type { Week } from '../contracts/week.ts'

export interface PublishPorts {
  readonly store: ObjectStore
  readonly codeVersion: string
  readonly clock?: Clock
}

export async function publishModel(input: PublishInput, ports: PublishPorts): Promise<PublishedModel> {
  const { store, clock = { now: Date.now } } = ports
  const { version } = input.final
  const { runId } = input.run
  await writeManifest(input, ports)
  const latest = await updateDocument(store, LatestModel, storeKeys.modelLatest, (current) => {
    if (current?.version === version) return undefined
    const servingWeek = current === undefined ? undefined : weekOfVersion(current.version)
    if (servingWeek !== undefined && servingWeek > input.week) return undefined
    return {
      version,
      week: input.week,
      promoted_at: new Date(clock.now()).toISOString(),
      run_id: runId,
      ...(current === undefined ? {} : { previous: current.version }),
    }
  })
  await appendTimeline(store, ...entriesOf(input, latest))
  const servingVersion = latest?.version ?? version
  return { version, outcome: servingVersion === version ? 'published' : 'archived', servingVersion }
}

/**
 * What the run did about the model that serves; nothing where its model served already. From `latest.json` and the input alone, so that a
 * retry makes the same entry under the same key.
 */
function entriesOf(input: PublishInput, latest: LatestModel | undefined): readonly TimelineEntry[] {
  const { version } = input.final
  const { workflowId, runId } = input.run
  const entry = { format: 1 as const, version, week: input.week, run: { workflow_id: workflowId, run_id: runId }, by: 'run' }
  if (latest?.version !== version)
    return [
      {
        ...entry,
        at: new Date(input.createdAtMs).toISOString(),
        what: 'archived',
        reason: "a newer week's model goes on serving",
      },
    ]
  if (latest.run_id !== runId || latest.promoted_at === undefined) return []
  const { promoted_at: at, previous } = latest
  return [{ ...entry, at, what: 'promoted', ...(previous === undefined ? {} : { previous }), reason: input.chosen.reason }]
}

/** `2023-W40` of `2023-W40-1a2b3c4d`. */
export const weekOfVersion = (version: string): Week => version.slice(0, 8) as Week

/**
 * The manifest comes last: a folder without one is not a model yet. A model of the same version has the same files, so a
 * manifest that an earlier run wrote stands.
 */
async function writeManifest(input: PublishInput, { store, codeVersion }: PublishPorts): Promise<void> {
  const final = await readDocument(store, FinalResult, input.final.resultKey)
  const splits = await Promise.all(input.evaluated.map(({ resultKey }) => readDocument(store, SplitResult, resultKey)))
  const raw = await Promise.all(input.extracts.map(({ manifestKey }) => readDocument(store, RawManifest, manifestKey)))
  const { chosen } = input
  const manifest: ModelManifest = {
    format: 1,
    version: input.final.version,
    week: input.week,
    algorithm: chosen.candidate.algorithm,
    candidate: chosen.candidate.name,
    parameters: { ...chosen.candidate.parameters },
    seed: input.seed,
    users: input.final.users,
    items: input.final.items,
    pairs: input.final.pairs,
    created_at: new Date(input.createdAtMs).toISOString(),
    run: { workflow_id: input.run.workflowId, run_id: input.run.runId },
    code_version: codeVersion,
    data: { features: input.features.digest, raw: Object.fromEntries(raw.map(({ table, sha256 }) => [table, sha256])) },
    choice: { candidate: chosen.candidate.name, by: chosen.by, metric: chosen.metric, reason: chosen.reason },
    splits,
    metrics: publishedFigures(splits, chosen.candidate.name),
    files: final.files,
  }
  await store.write(storeKeys.model(manifest.version, 'manifest.json'), documentText(manifest), {
    precondition: { absent: true },
    contentType: 'application/json',
  })
}

/** The chosen candidate's figures on the random hold-out. */
export function publishedFigures(splits: readonly SplitResult[], candidate: string): Record<string, number> {
  const holdOut = splits.find(({ kind }) => kind === 'random')
  return { ...holdOut?.candidates.find((measured) => measured.candidate === candidate)?.metrics }
}
