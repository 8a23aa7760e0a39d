/** A week's report in words, as Markdown, for whoever answers for what viewers are shown. */
import type { Gain, ReportedSegment, Verdict, WeekReport } from '../../contracts/week-report.ts'
import { leastUsersJudged } from './make-report.ts'

export function reportText(report: WeekReport): string {
  const sections = [
    `# ${report.week}: ${report.candidate}`,
    opening(report),
    '## What was tried',
    'nDCG@10 is how much of what a user then watched stands near the top of that user’s ten recommendations: 1 is all of it first, 0 none of it. recall@20 is the share of it among the best twenty.',
    triedTable(report),
    ...searchSection(report),
    '## By how much it won',
    bullets(report.gains.map(gainSentence), 'There is nothing to compare it with.'),
    '## For whom',
    segmentTable(report),
    '## What the lists are like',
    listTable(report),
    '## What got worse',
    bullets(changes(report, 'worse'), nothingChanged(report, 'worse')),
    '## What got better',
    bullets(changes(report, 'better'), nothingChanged(report, 'better')),
    ...lateSection(report),
  ]
  return `${sections.join('\n\n')}\n`
}

function opening({ candidate, version, reason, test, decided_by: by, week_before: before }: WeekReport): string {
  const measured =
    by === 'time' ? `what ${count(test.users)} users newly watched in the week` : `${count(test.users)} users, ${test.description}`
  const comparison =
    before === null
      ? 'The week before was not measured in the same way: nothing is said of changes.'
      : `The week before, ${before.week}, chose ${before.candidate} (\`${before.version}\`).`
  return `**${candidate}** is the week’s choice, \`${version}\`: ${reason}. All figures are of ${measured}. ${comparison}`
}

function triedTable({ tried, candidate: published }: WeekReport): string {
  return table(
    ['candidate', 'nDCG@10', 'recall@20', 'training', 'parameters'],
    tried.map(({ candidate, metrics, parameters, train_seconds: seconds }) => [
      candidate === published ? `**${candidate}**` : candidate,
      figure(metrics['ndcg@10']),
      figure(metrics['recall@20']),
      `${seconds.toFixed(1)} s`,
      parameterText(parameters),
    ]),
  )
}

function gainSentence({ against, roles, metrics }: WeekReport['gains'][number]): string {
  const gains = Object.entries(metrics).map(([name, gain]) => `${metricName(name)} ${gainText(gain)}`)
  return `Against ${against} (${roles.join(', ')}): ${gains.join('; ')}.`
}

function gainText({ difference, low, high, relative, verdict }: Gain): string {
  const share = relative === null || verdict === 'no clear difference' ? '' : `${Math.abs(relative * 100).toFixed(0)} % `
  return `${share}${verdict}, ${signed(difference)} (95 % interval ${signed(low)} to ${signed(high)})`
}

function segmentTable(report: WeekReport): string {
  const { segments, candidate, popularity, week_before: before } = report
  if (segments.length === 0) return 'Segments were not measured.'
  const rows = table(
    [
      'nDCG@10 of',
      'users',
      candidate,
      ...(popularity === null || popularity === candidate ? [] : [popularity]),
      ...(before === null ? [] : [`${before.week} (${before.candidate})`]),
    ],
    segments.map((one) => [
      `${segmentName(one)} (${one.description})`,
      count(one.users),
      figure(one.published),
      ...(popularity === null || popularity === candidate ? [] : [`${figure(one.popularity)}${mark(one.against_popularity)}`]),
      ...(before === null ? [] : [`${figure(one.week_before)}${mark(one.against_week_before)}`]),
    ]),
  )
  return `${rows}\n\n“higher” and “lower” than ${candidate} now: beyond chance. Segments of fewer than ${leastUsersJudged} users are not judged.`
}

/** A verdict is of the published candidate; the mark stands in the column of the one that it was compared with. */
const marks: Readonly<Record<Verdict, string>> = {
  better: ' (lower)',
  worse: ' (**higher**)',
  'no clear difference': '',
  'too few users': '',
}
const mark = (verdict: Verdict | null): string => (verdict === null ? '' : marks[verdict])

/** What a measure tells, and how to read its number. */
const measures: Readonly<Record<string, readonly [name: string, reading: string]>> = {
  'coverage@10': ['share of the catalogue that is in someone’s list', ''],
  'diversity@10': ['how much the lists of different users differ', '0 to 1'],
  'genre_diversity@10': ['how often two titles of a list differ in genre', '0 to 1'],
  'miscalibration@10': ['how far a list’s genres are from those that the user watches', '0 to 1'],
  'novelty@10': ['how unusual the listed titles are', 'bits; one more is half as many viewers'],
  'popularity_lift@10': ['how much more popular the lists are than what the users watched', '0 is as popular, 1 twice'],
}
const measureName = (measure: string): string => measures[measure]?.[0] ?? measure
const measureReading = (measure: string): string => [measure, measures[measure]?.[1] ?? ''].filter((part) => part !== '').join('; ')

function listTable({ lists, candidate, popularity, week_before: before }: WeekReport): string {
  if (lists.length === 0) return 'Lists were not measured.'
  const withPopularity = popularity !== null && popularity !== candidate
  return table(
    [
      'of ten recommendations',
      candidate,
      ...(withPopularity ? [popularity] : []),
      ...(before === null ? [] : [`${before.week} (${before.candidate})`]),
    ],
    lists.map((one) => [
      `${measureName(one.measure)} (${measureReading(one.measure)})`,
      figure(one.published),
      ...(withPopularity ? [figure(one.popularity)] : []),
      ...(before === null ? [] : [figure(one.week_before)]),
    ]),
  )
}

/** Against the week before and against popularity, beyond chance. */
function changes(report: WeekReport, verdict: 'better' | 'worse'): readonly string[] {
  const { segments, lists, candidate, popularity, week_before: before } = report
  const [moved, than] = verdict === 'better' ? ['rose', 'ahead of'] : ['fell', 'behind']
  const sinceThen = segments
    .filter((one) => one.against_week_before === verdict)
    .map((one) => {
      const values = `from ${figure(one.week_before)} in ${before?.week ?? ''} to ${figure(one.published)}`
      return `${segmentName(one)}: nDCG@10 ${moved} ${values}${weekItself(report, one)}.`
    })
  const ofLists = lists
    .filter((one) => one.against_week_before === verdict)
    .map(
      (one) =>
        `Lists: ${measureName(one.measure)} went from ${figure(one.week_before)} in ${before?.week ?? ''} to ${figure(one.published)}.`,
    )
  const besidePopularity = segments
    .filter((one) => one.against_popularity === verdict)
    .map(
      (one) =>
        `${segmentName(one)}: ${candidate} is ${than} ${popularity}: nDCG@10 ${figure(one.published)}, there ${figure(one.popularity)}.`,
    )
  return [...sinceThen, ...ofLists, ...besidePopularity]
}

/** Weeks differ in what there was to watch: popularity's own change hints at how much of a change is the week's. */
function weekItself({ segments, popularity, week_before: before }: WeekReport, { segment }: ReportedSegment): string {
  if (segment !== 'all_users' || before === null || before.popularity === null) return ''
  const now = segments.find((one) => one.segment === segment)?.popularity ?? null
  return now === null ? '' : `; ${popularity} itself went from ${figure(before.popularity)} to ${figure(now)}, so the weeks differ too`
}

function nothingChanged({ week_before: before }: WeekReport, verdict: 'better' | 'worse'): string {
  return before === null ? `Nothing is ${verdict} than popularity beyond chance.` : 'Nothing beyond chance.'
}

const mostTrialsTold = 10

/** The best of what was tried, best first. */
function searchSection({ search }: WeekReport): readonly string[] {
  if (search === undefined) return []
  const { trials, validation, carried, algorithm } = search
  const stopped = trials.filter(({ ndcg }) => ndcg === null).length
  const best = trials.toSorted((a, b) => (b.ndcg ?? -1) - (a.ndcg ?? -1)).slice(0, mostTrialsTold)
  const weeks = validation.weeks === 1 ? 'the week before' : `the ${validation.weeks} weeks before`
  const from = carried === null ? '' : `, going on from the last week’s ${carried.algorithm}`
  return [
    '## What the search tried',
    `${count(trials.length)} models were fitted on what was before and measured by what ${count(validation.users)} users newly watched in ${weeks}${from}; ${count(stopped)} of them were given up on the way. Chosen was a ${algorithm}: of models that cannot be told apart the simpler. The best:`,
    table(
      ['model', 'nDCG@20', 'seconds', 'parameters'],
      best.map(({ algorithm: name, ndcg, seconds, parameters }) => [name, figure(ndcg), seconds.toFixed(1), parameterText(parameters)]),
    ),
  ]
}

const parameterText = (parameters: Readonly<Record<string, number | boolean>>): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')

/** Nothing is said where nothing came late. */
function lateSection({ late_data: late = [] }: WeekReport): readonly string[] {
  if (late.length === 0) return []
  const lines = late.map(({ table: log, week, added, removed, trained_with: version }) => {
    const rows = added === null || removed === null ? 'rows changed' : `${count(added)} added, ${count(removed)} removed`
    return `${log} of ${week}: ${rows} since \`${version}\`.`
  })
  return ['## What came late', bullets(lines, '')]
}

const segmentNames: Readonly<Record<string, string>> = {
  all_users: 'All users',
  new_users: 'New users',
  light_users: 'Light users',
  regular_users: 'Regular users',
  heavy_users: 'Heavy users',
  kids_titles: 'Titles for children',
  new_titles: 'New titles',
}
const segmentName = ({ segment }: ReportedSegment): string => segmentNames[segment] ?? segment

const metricNames: Readonly<Record<string, string>> = { 'ndcg@10': 'nDCG@10' }
const metricName = (metric: string): string => metricNames[metric] ?? metric

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const bullets = (lines: readonly string[], none: string): string =>
  lines.length === 0 ? none : lines.map((line) => `- ${line}`).join('\n')
const figure = (value: number | null | undefined): string => (value === null || value === undefined ? '–' : value.toFixed(4))
const count = (value: number): string => value.toLocaleString('en-US')

/** With its sign; what rounds to 0 has none. */
function signed(value: number): string {
  const text = figure(Math.abs(value))
  if (Number(text) === 0) return text
  return `${value < 0 ? '-' : '+'}${text}`
}
