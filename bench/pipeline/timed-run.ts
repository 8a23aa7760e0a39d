/** What is measured of a weekly run, ours or the old way's. */
export interface TimedRun {
  readonly seconds: number
  /** Of its processes together; undefined where the system does not tell. */
  readonly peakMiB?: number
  /** Of `seconds`, what reading the source took. */
  readonly fetchSeconds: number
  readonly stages: Readonly<Record<string, number>>
  readonly quality: readonly MeasuredModel[]
}

/** On a random quarter of the watched pairs, which training did not see. */
export interface MeasuredModel {
  readonly model: string
  readonly precisionAt10: number
  readonly recallAt10: number
}
