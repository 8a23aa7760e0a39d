/** `late_data/ledger.json`: which weeks' rows changed in the source after a training had taken them in, and by how many. */
import { Type, type Static } from 'typebox'

const Count = Type.Integer({ minimum: 0 })
const Version = Type.String({ description: 'A model' })
/** `undated` are rows without a time. */
const PartWeek = Type.String({ pattern: '^(\\d{4}-W\\d{2}|undated)$' })
const Fingerprint = Type.Union([Type.String(), Type.Null()], { description: 'Of the extract; null where the week had no row' })

/** A row that was corrected counts twice: as it was it is removed, as it is it is added. */
export const LateChange = Type.Object({
  table: Type.String(),
  week: PartWeek,
  before: Fingerprint,
  after: Fingerprint,
  rows_before: Count,
  rows_after: Count,
  /** Rows that are there now and were not, and the other way round; null where what was trained on is no longer in the store. */
  added: Type.Union([Count, Type.Null()]),
  removed: Type.Union([Count, Type.Null()]),
  /** The last model that was trained on the rows as they were. */
  trained_with: Version,
  /** The week whose run found it, and when, in UTC. */
  found_by: Type.String(),
  found_at: Type.String(),
  /** The first model that was trained on the rows as they are; absent where none has been yet. */
  trained_again: Type.Optional(Version),
})
export type LateChange = Static<typeof LateChange>

export const TrainedPart = Type.Object({ fingerprint: Type.String(), rows: Count, version: Version })
export type TrainedPart = Static<typeof TrainedPart>

export const LateDataLedger = Type.Object({
  format: Type.Literal(1),
  /** The newest week that was trained: a week up to it that is not in `trained` had no row then. */
  newest: Type.Object({ week: Type.String(), version: Version }),
  /** By table and week: the extract that the last training took. */
  trained: Type.Record(Type.String(), Type.Record(PartWeek, TrainedPart)),
  /** In the order in which they were found. Of one week of a table at most one waits to be trained again. */
  changes: Type.Array(LateChange),
})
export type LateDataLedger = Static<typeof LateDataLedger>
