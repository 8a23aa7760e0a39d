/** Keeps what people see of a run in step: the `progress` query, the search attributes and the details page in the UI. */
import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow'
import type { Breach, StageFigure, StageProgress, StagesProgress } from '../contracts/run.ts'
import type { Outcome } from '../contracts/temporal-names.ts'
import type { Week } from '../contracts/week.ts'
import { modelVersionAttribute, outcomeAttribute, stageAttribute, weekAttribute } from './search-attributes.ts'

/** What a run is about. */
export interface RunSubject {
  readonly title: string
  /** What a person names the run by: a week, or its workflow id. */
  readonly name: string
  readonly week?: Week
}

export class RunBoard {
  readonly #subject: RunSubject
  readonly #stages: StageProgress[]
  #stage = 'starting'
  #breaches: readonly Breach[] = []
  #version: string | undefined
  #outcome: Outcome | undefined
  #heldUntilMs: number | undefined

  constructor(subject: RunSubject, stages: readonly string[]) {
    this.#subject = subject
    this.#stages = stages.map((name) => ({ name, state: 'waiting' }))
    if (subject.week !== undefined) upsertSearchAttributes([{ key: weekAttribute, value: subject.week }])
  }

  progress(): StagesProgress {
    return {
      stage: this.#stage,
      stages: this.#stages,
      breaches: this.#breaches,
      ...(this.#version === undefined ? {} : { version: this.#version }),
      ...(this.#outcome === undefined ? {} : { outcome: this.#outcome }),
      ...(this.#heldUntilMs === undefined ? {} : { heldUntilMs: this.#heldUntilMs }),
    }
  }

  /** Runs one stage of the plan; `describe` makes the line that stays beside it, `measure` the same as fields. */
  async stage<T>(
    name: string,
    work: () => Promise<T>,
    describe: (result: T) => string,
    measure: (result: T) => readonly StageFigure[],
  ): Promise<T> {
    const startedAtMs = Date.now()
    this.#stage = name
    this.#update(name, { name, state: 'running', startedAtMs })
    upsertSearchAttributes([{ key: stageAttribute, value: name }])
    try {
      const result = await work()
      this.#update(name, { name, state: 'done', startedAtMs, endedAtMs: Date.now(), detail: describe(result), figures: measure(result) })
      return result
    } catch (error) {
      this.#update(name, { name, state: 'failed', startedAtMs, endedAtMs: Date.now() })
      throw error
    }
  }

  breached(breaches: readonly Breach[]): void {
    this.#breaches = breaches
    this.#show()
  }

  held(untilMs: number): void {
    this.#heldUntilMs = untilMs
    this.#stage = 'held'
    upsertSearchAttributes([
      { key: stageAttribute, value: 'held' },
      { key: outcomeAttribute, value: 'held' },
    ])
    this.#show()
  }

  released(): void {
    this.#heldUntilMs = undefined
    upsertSearchAttributes([{ key: outcomeAttribute, value: null }])
    this.#show()
  }

  modelVersion(version: string): void {
    this.#version = version
    upsertSearchAttributes([{ key: modelVersionAttribute, value: version }])
    this.#show()
  }

  ended(outcome: Outcome): void {
    this.#outcome = outcome
    this.#heldUntilMs = undefined
    this.#stage = outcome
    upsertSearchAttributes([
      { key: stageAttribute, value: outcome },
      { key: outcomeAttribute, value: outcome },
    ])
    this.#show()
  }

  #update(name: string, next: StageProgress): void {
    const index = this.#stages.findIndex((stage) => stage.name === name)
    this.#stages[index] = next
    this.#show()
  }

  #show(): void {
    const rows = this.#stages.map((stage) => `| ${stage.name} | ${stage.state} | ${seconds(stage)} | ${stage.detail ?? ''} |`)
    const hold =
      this.#heldUntilMs === undefined
        ? []
        : [
            '',
            `**Held until ${new Date(this.#heldUntilMs).toISOString()}.** Send update \`approve\` or \`reject\` with \`{"by":"…","reason":"…"}\`, or run \`matinee approve ${this.#subject.name}\` / \`matinee reject ${this.#subject.name} --reason "…"\`. Without an answer the run is rejected; the model that serves goes on serving.`,
          ]
    const breaches = this.#breaches.map((breach) => `- **${breach.check}**: ${breach.detail}`)
    setCurrentDetails(
      [
        `${this.#subject.title} · ${this.#outcome ?? this.#stage}${this.#version === undefined ? '' : ` · model \`${this.#version}\``}`,
        '',
        '| stage | state | seconds | what came of it |',
        '|---|---|---|---|',
        ...rows,
        ...(breaches.length === 0 ? [] : ['', 'Breaches of the gate:', ...breaches]),
        ...hold,
      ].join('\n'),
    )
  }
}

const seconds = ({ startedAtMs, endedAtMs }: StageProgress): string =>
  startedAtMs === undefined || endedAtMs === undefined ? '' : ((endedAtMs - startedAtMs) / 1000).toFixed(1)
