/** What serves, since when, how old it is, and how it came about. */
import { Link } from 'react-router'
import { call } from '../api/client.ts'
import { useApi } from '../api/use-api.ts'
import type { Readiness, Timeline } from '../../../client/schema.ts'
import { Facts, type Fact } from '../components/facts.tsx'
import { DataTable, type Column } from '../components/data-table.tsx'
import { Figure, Lines } from '../components/figure.tsx'
import { Moment } from '../components/moment.tsx'
import { Loaded, Panel } from '../components/panel.tsx'
import { Said } from '../components/said.tsx'
import { ServerWords } from '../components/server-words.tsx'
import type { Formats } from '../i18n/formats.ts'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { usePageTitle } from '../page-title.ts'
import { useSession } from '../session.tsx'
import { Decision } from './decision.tsx'
import { isLive, runAddress, RunBadge, runsMissing, secondsOf, useRuns, useStageName } from './runs-page.tsx'
import type { SourceLog } from './quality.ts'
import { choiceText, decidedOf, figureText } from './sentences.ts'
import { useWords } from './words.ts'
import { VersionLink } from './version-link.tsx'

const EVERY = 10_000

export function OverviewPage() {
  const { overview } = useMessages()
  usePageTitle(overview.title)
  return (
    <>
      <h1>{overview.title}</h1>
      <Serving />
      <LastRun />
      <Growth />
      <RowsOfWeeks />
      <TimelineOfModels />
    </>
  )
}

function Serving() {
  const { overview, models } = useMessages()
  const formats = useFormats()
  const words = useWords()
  const ready = useApi('getReadiness', {}, { every: EVERY })
  const latest = useApi('getLatestModel', {}, { every: EVERY })
  const timeline = useApi('listTimeline', { query: { limit: 50 } })
  return (
    <Panel title={overview.serving} result={latest} actions={<RollBack items={timeline.data?.items ?? []} />}>
      {(model) => (
        <div className="stack">
          {ready.data?.problem === undefined || ready.data.problem === null ? null : <StaleModel problem={ready.data.problem} />}
          <Facts
            facts={[
              { name: overview.week, value: model.week },
              {
                name: overview.version,
                value: <VersionLink version={model.version} />,
                note: ready.data === undefined ? undefined : ready.data.origin === 'store' ? overview.originStore : overview.originCache,
              },
              sinceOf(timeline.data?.items ?? [], model.version, overview.since, formats),
              { name: overview.trainedAt, value: <Moment at={model.created_at} />, note: formats.ago(model.created_at) },
              { name: overview.algorithm, value: model.candidate },
              { name: overview.users, value: formats.number(model.users) },
              { name: overview.titles, value: formats.number(model.items) },
              { name: overview.pairs, value: formats.number(model.pairs) },
              {
                name: `${overview.accuracy}, nDCG@10`,
                value: model.metrics['ndcg@10'] === undefined ? '–' : formats.figure(model.metrics['ndcg@10']),
                note: models.random,
              },
            ]}
          />
          <p className="quiet">
            {overview.choice}: <Said own={choiceText(decidedOf(model), words)} server={model.choice.reason} />
          </p>
        </div>
      )}
    </Panel>
  )
}

/** A newer model is there and cannot serve. */
export function StaleModel({ problem }: { readonly problem: NonNullable<Readiness['problem']> }) {
  const messages = useMessages()
  const formats = useFormats()
  const codes: Readonly<Record<string, string>> = messages.problem.codes
  return (
    <div className="notice" role="status">
      <p>
        <strong>{messages.overview.stale}.</strong> {codes[problem.code] ?? messages.problem.other} {formats.ago(problem.since)}
      </p>
      <div className="small">
        <ServerWords text={problem.detail} />
      </div>
    </div>
  )
}

type Happened = Timeline['items'][number]

/** Since when a version serves: since it was last promoted, or gone back to. */
function sinceOf(items: readonly Happened[], version: string, name: string, formats: Formats): Fact | undefined {
  const at = items.find((one) => one.version === version && (one.what === 'promoted' || one.what === 'rolled_back'))?.at
  return at === undefined ? undefined : { name, value: <Moment at={at} />, note: formats.ago(at) }
}

/** Where something served before, and whoever looks may say so. */
function RollBack({ items }: { readonly items: readonly Happened[] }) {
  const { overview } = useMessages()
  const session = useSession()
  if (session?.role !== 'admin' || items.every(({ previous }) => previous === null)) return null
  return (
    <Decision
      act={overview.rollBack}
      question={overview.rollBackTitle}
      text={overview.rollBackText}
      decide={(reason) => call('rollBackModel', { body: { reason } })}
    />
  )
}

function LastRun() {
  const { overview, runs } = useMessages()
  const formats = useFormats()
  const stageName = useStageName()
  const result = useRuns(20)
  const schedule = useApi('getSchedule', {}, { every: () => 60_000 }).data
  if (runsMissing(result.error)) return null
  return (
    <Panel
      title={overview.runsTitle}
      result={result}
      empty={{ when: ({ items }) => items.length === 0, text: runs.empty }}
      actions={<Link to="/operator/runs">{runs.title}</Link>}
    >
      {({ items }) => {
        const [run] = items
        if (run === undefined) return null
        return (
          <Facts
            facts={[
              { name: overview.lastRun, value: <Link to={runAddress(run)}>{run.week ?? run.workflow_id}</Link> },
              {
                name: runs.outcome,
                value: <RunBadge run={run} />,
                note: isLive(run) && run.stage !== 'held' ? stageName(run.stage) : undefined,
              },
              { name: runs.started, value: <Moment at={run.started_at} />, note: formats.ago(run.started_at) },
              { name: runs.duration, value: formats.seconds(secondsOf(run) ?? 0) },
              schedule === undefined
                ? undefined
                : {
                    name: overview.nextRun,
                    value:
                      schedule.next_at === null ? (
                        schedule.paused ? (
                          overview.paused
                        ) : (
                          overview.noSchedule
                        )
                      ) : (
                        <Moment at={schedule.next_at} />
                      ),
                    note: schedule.next_at === null ? (schedule.note ?? undefined) : formats.ago(schedule.next_at),
                  },
            ]}
          />
        )
      }}
    </Panel>
  )
}

function TimelineOfModels() {
  const { overview, runs } = useMessages()
  const words = useWords()
  const result = useApi('listTimeline', { query: { limit: 50 } }, { every: 30_000 })
  // What a run says of its choice in English, the figures of its week say in any language.
  const metrics = useApi('listMetrics', {}, { every: 30_000 })
  const measured = new Map(metrics.data?.items.map((week) => [week.version, week]))
  const own = ({ what, version }: Happened): string | undefined => {
    if (what === 'archived') return overview.archivedText
    const week = version === null ? undefined : measured.get(version)
    if (week !== undefined) return choiceText(decidedOf(week), words)
    return metrics.isFetching ? '…' : undefined
  }
  return (
    <Panel title={overview.timeline} result={result} empty={{ when: ({ items }) => items.length === 0, text: overview.timelineEmpty }}>
      {({ items }) => (
        <DataTable
          caption={overview.timeline}
          rows={items}
          rowKey={({ at, what, version }) => `${at} ${what} ${version ?? ''}`}
          sorted={{ column: 'at', descending: true }}
          columns={[
            { id: 'at', header: overview.when, value: ({ at }) => at, cell: ({ at }) => <Moment at={at} /> },
            { id: 'what', header: overview.what, value: ({ what }) => what, cell: ({ what }) => overview.acts[what] ?? what },
            {
              id: 'version',
              header: runs.version,
              value: ({ version }) => version,
              cell: ({ version }) => (version === null ? '' : <VersionLink version={version} />),
            },
            { id: 'by', header: overview.by, value: ({ by }) => (by === 'run' ? overview.byRun : by) },
            {
              id: 'reason',
              header: overview.reason,
              wordy: 'long',
              value: ({ reason }) => reason,
              cell: (one) => (one.by === 'run' ? <Said own={own(one)} server={one.reason} /> : one.reason),
            },
          ]}
        />
      )}
    </Panel>
  )
}

function Growth() {
  const { overview, models } = useMessages()
  const formats = useFormats()
  const result = useApi('listModels', {})
  const counts = [
    { id: 'pairs', name: overview.pairs },
    { id: 'users', name: overview.users },
    { id: 'items', name: overview.titles },
  ] as const
  return (
    <Panel title={overview.growth} result={result} empty={{ when: ({ items }) => items.length === 0, text: models.empty }}>
      {({ items }) => {
        const weeks = [...new Map(items.toReversed().map((model) => [model.week, model])).values()].toSorted((a, b) =>
          a.week < b.week ? -1 : 1,
        )
        return (
          <div className="figure-grid">
            {counts.map(({ id, name }) => (
              <Figure
                key={id}
                title={name}
                height={180}
                table={
                  <DataTable
                    caption={name}
                    rows={weeks}
                    rowKey={({ week }) => week}
                    columns={[
                      { id: 'week', header: models.week, value: ({ week }) => week },
                      { id: 'value', header: name, numeric: true, value: (model) => model[id], cell: (model) => formats.number(model[id]) },
                    ]}
                  />
                }
              >
                <Lines
                  label={name}
                  height={180}
                  series={[{ id, name }]}
                  points={weeks.map((model) => ({ x: model.week, values: { [id]: model[id] } }))}
                  format={(value) => formats.number(value)}
                />
              </Figure>
            ))}
          </div>
        )
      }}
    </Panel>
  )
}

/** Of the newest preprocessed week and those before it. */
function RowsOfWeeks() {
  const { overview } = useMessages()
  const latest = useApi('getLatestModel', {})
  return (
    <Panel title={overview.rows} text={overview.rowsText} result={latest}>
      {({ week }) => <RowsUpTo week={week} />}
    </Panel>
  )
}

function RowsUpTo({ week }: { readonly week: string }) {
  const { overview, quality } = useMessages()
  const formats = useFormats()
  const result = useApi('getDataQuality', { path: { week } })
  const logs = ['viewings', 'clicks'] as const
  return (
    <Loaded result={result}>
      {({ report }) => {
        const rowsOf = (log: SourceLog) => new Map(report.quality[log].weeks.map(({ week_start: monday, rows }) => [monday, rows]))
        const [viewings, clicks] = [rowsOf('viewings'), rowsOf('clicks')]
        const rows = [...new Set([...viewings.keys(), ...clicks.keys()])]
          .toSorted()
          .map((monday) => ({ monday, viewings: viewings.get(monday), clicks: clicks.get(monday) }))
        return (
          <Figure
            title={overview.rows}
            unit={quality.count}
            height={220}
            table={
              <DataTable
                caption={overview.rows}
                rows={rows}
                rowKey={({ monday }) => monday}
                sorted={{ column: 'monday', descending: true }}
                columns={[
                  { id: 'monday', header: overview.weekOf, value: ({ monday }) => monday },
                  ...logs.map((log): Column<(typeof rows)[number]> => ({
                    id: log,
                    header: quality.logs[log],
                    numeric: true,
                    value: (row) => row[log],
                    cell: (row) => figureText(row[log], formats.number),
                  })),
                ]}
              />
            }
          >
            <Lines
              label={overview.rows}
              height={220}
              fromZero
              series={logs.map((log) => ({ id: log, name: quality.logs[log] }))}
              points={rows.map(({ monday, ...values }) => ({ x: monday, values }))}
              format={formats.compact}
            />
          </Figure>
        )
      }}
    </Loaded>
  )
}
