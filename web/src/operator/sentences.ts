/** What operators' pages say, made of the fields that the API gives beside its English sentences. Pure. */
import type { RunDetail } from '../../../client/schema.ts'
import type { Messages } from '../i18n/en.ts'
import type { Formats } from '../i18n/formats.ts'
import { bestFirst, type Split } from './metrics.ts'
import type { Search } from './report.ts'

/** A dash where nothing was measured. */
export const figureText = (value: number | undefined | null, format: (value: number) => string): string =>
  value === undefined || value === null ? '–' : format(value)

export const parametersText = (parameters: Readonly<Record<string, number | boolean>>): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ')

/** Words of one language, with its numbers. */
export interface Words {
  readonly messages: Messages
  readonly formats: Formats
}

type Bounds = NonNullable<Split['segment_bounds']>[string]

/** Who or what is in a segment; undefined where a figure of an earlier version, or a later segment, does not tell. */
export function membersText(segment: string, bounds: Bounds | undefined, { messages, formats }: Words): string | undefined {
  const { members } = messages.models
  if (segment === 'all_users') return members.all
  if (segment === 'new_titles') return members.newTitles
  if (bounds?.by !== undefined) return bounds.by === 'category' ? members.kidsByCategory : members.kidsByAge
  if (bounds?.from === undefined) return undefined
  const from = formats.number(bounds.from)
  return bounds.to === undefined ? members.many(from) : members.some(from, formats.number(bounds.to))
}

type SplitMade = Pick<Split, 'kind' | 'seed' | 'train_pairs' | 'test_pairs'>

/** How a split was made. */
export function splitText({ kind, seed, train_pairs: train, test_pairs: test }: SplitMade, { messages, formats }: Words): string {
  const { splits } = messages.models
  if (kind === 'time') return splits.time
  const made = splits.random(formats.percent(test / Math.max(1, train + test)))
  return seed === undefined ? made : `${made}, ${splits.seed(String(seed))}`
}

export interface Decided {
  readonly candidate: string
  readonly algorithm: string
  readonly by: Split['kind']
  readonly metric: string
  /** Those that were measured: at least the one that decided. */
  readonly splits: readonly {
    readonly kind: Split['kind']
    readonly test_users: number
    readonly candidates: readonly { readonly candidate: string; readonly metrics: Readonly<Record<string, number>> }[]
  }[]
}

/** Why a candidate was chosen; undefined where the split that decided is not there. */
export function choiceText({ candidate, algorithm, by, metric, splits }: Decided, { messages, formats }: Words): string | undefined {
  const { chosenFor } = messages.models
  const split = splits.find(({ kind }) => kind === by)
  const value = split?.candidates.find((one) => one.candidate === candidate)?.metrics[metric]
  if (split === undefined || value === undefined) return undefined
  const rival = bestFirst(split.candidates, metric).find((one) => one.candidate !== candidate)
  const lead = (by === 'time' ? chosenFor.time : chosenFor.random)(metric, formats.number(split.test_users))
  const ahead =
    rival === undefined
      ? chosenFor.alone(formats.figure(value))
      : chosenFor.ahead(formats.figure(value), rival.candidate, figureText(rival.metrics[metric], formats.figure))
  // The newest week decides where enough users can be tested in it.
  const week = by === 'random' ? splits.find(({ kind }) => kind === 'time') : undefined
  return [
    `${lead}${ahead}`,
    ...(week === undefined ? [] : [chosenFor.thin(formats.number(week.test_users))]),
    ...(algorithm === 'popularity' && rival !== undefined ? [chosenFor.popularity] : []),
  ].join(' ')
}

export const decidedOf = ({
  choice,
  candidate,
  algorithm,
  splits,
}: Pick<Decided, 'candidate' | 'algorithm' | 'splits'> & { readonly choice: Pick<Decided, 'by' | 'metric'> }): Decided => ({
  candidate,
  algorithm,
  splits,
  by: choice.by,
  metric: choice.metric,
})

/** What a search went by, and what it came to. */
export function searchText({ trials, validation, carried, algorithm }: Search, { messages: { report }, formats }: Words): string {
  const stopped = trials.filter(({ ndcg }) => ndcg === null).length
  return [
    report.searchedBy(formats.number(trials.length), formats.number(validation.users), report.weeks(validation.weeks)),
    ...(carried === null ? [] : [report.carried(carried.algorithm)]),
    ...(stopped === 0 ? [] : [report.givenUp(formats.number(stopped))]),
    report.searchChose(algorithm),
  ].join(' ')
}

type Finding = NonNullable<RunDetail['breaches'][number]['finding']>

/** Which check, and of which log. */
export function checkText({ code, log }: Finding, { messages: { quality } }: Words): string {
  const check = quality.reasons[code] ?? code
  return log === undefined ? check : `${quality.logs[log]}: ${check}`
}

/** What the gate found, and what it allows. */
export function findingText({ code, rows = 0, of = 0, limit = 0, days = [] }: Finding, { messages: { quality }, formats }: Words): string {
  const [count, share, allowed] = [formats.number(rows), formats.percent(rows / Math.max(1, of), 1), formats.percent(limit, 1)]
  if (code === 'no_better_than_chance') return quality.foundChance
  if (code === 'too_few' || code === 'too_many') {
    const expected = code === 'too_few' ? quality.foundLeast(allowed) : quality.foundMost(allowed)
    return `${quality.foundVolume(count, share, formats.number(of))}; ${expected}`
  }
  if (code === 'days_without_rows') return quality.foundDays(formats.list(days), formats.number(limit))
  if (code === 'future_rows') return quality.foundFuture(count, days[0] ?? '', formats.number(limit))
  return quality.foundShare(count, formats.number(of), share, allowed)
}

type StageFigure = RunDetail['stages'][number]['figures'][number]

/** What a stage came to, in one line; undefined where only a sentence tells. */
export function stageText(figures: readonly StageFigure[], words: Words): string | undefined {
  if (figures.length === 0) return undefined
  const { models } = words.messages
  return [...new Set(figures.map(({ split }) => split))]
    .map((split) => {
      const text = figures
        .filter((figure) => figure.split === split)
        .map((figure) => stageFigureText(figure, words))
        .join(', ')
      return split === undefined ? text : `${models[split]}: ${text}`
    })
    .join(' · ')
}

function stageFigureText({ name, of, value }: StageFigure, { messages: { runs }, formats }: Words): string {
  const subject = of === undefined ? '' : `${of} `
  if (name === 'outcome') return runs.outcomes[String(value)] ?? String(value)
  if (typeof value === 'string') return runs.figures[name]?.(value) ?? `${name} ${value}`
  if (name === 'train_seconds') return `${subject}${formats.seconds(value)}`
  const shown = Number.isInteger(value) ? formats.number(value) : formats.figure(value)
  const said = runs.figures[name]?.(shown)
  if (said !== undefined) return `${subject}${said}`
  return of === undefined ? `${name} ${shown}` : `${subject}${shown}`
}
