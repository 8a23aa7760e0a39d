/** How good the models are: week by week, candidate beside candidate, and each model by itself. */
import { Link } from 'react-router'
import { useApi } from '../api/use-api.ts'
import type { ModelSummary } from '../../../client/schema.ts'
import { Choice } from '../components/choice.tsx'
import { DataTable, type Column } from '../components/data-table.tsx'
import { Badge } from '../components/facts.tsx'
import { Bars, Figure, Lines, Points } from '../components/figure.tsx'
import { Moment } from '../components/moment.tsx'
import { Panel } from '../components/panel.tsx'
import { Said } from '../components/said.tsx'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { usePageTitle } from '../page-title.ts'
import {
  accuracyCurves,
  bestFirst,
  candidatesOf,
  curveValue,
  figureOf,
  inMarkedOrder,
  metricsOf,
  newestOfWeeks,
  splitOf,
  splitKinds,
  type Measured,
  type Split,
  type WeekFigures,
} from './metrics.ts'
import { useAddressed } from './use-addressed.ts'
import { figureText, membersText, splitText } from './sentences.ts'
import { useSegmentName, useWords } from './words.ts'
import { VersionLink } from './version-link.tsx'

export function ModelsPage() {
  const { models } = useMessages()
  usePageTitle(models.title)
  return (
    <>
      <h1>{models.title}</h1>
      <Curves />
      <Candidates />
      <OneWeek />
      <ModelList />
    </>
  )
}

const noWeek = { when: ({ items }: { readonly items: readonly unknown[] }) => items.length === 0 }

function Curves() {
  const { models } = useMessages()
  const formats = useFormats()
  const result = useApi('listMetrics', {})
  return (
    <Panel title={models.overWeeks} text={models.overWeeksText} result={result} lines={10} empty={{ ...noWeek, text: models.empty }}>
      {({ items }) => {
        const weeks = newestOfWeeks(items)
        return (
          <div className="figure-grid">
            {accuracyCurves.map((curve) => {
              const name = models.curves[curve] ?? curve
              return (
                <Figure
                  key={curve}
                  title={name}
                  unit={curve.includes('@') ? curve : '@10'}
                  height={200}
                  table={
                    <DataTable
                      caption={name}
                      rows={weeks}
                      rowKey={({ week }) => week}
                      columns={[
                        { id: 'week', header: models.week, value: ({ week }) => week },
                        { id: 'candidate', header: models.algorithm, value: ({ candidate }) => candidate },
                        {
                          id: 'value',
                          header: name,
                          numeric: true,
                          value: (week) => curveValue(week, curve),
                          cell: (week) => figureText(curveValue(week, curve), formats.figure),
                        },
                      ]}
                    />
                  }
                >
                  <Lines
                    label={name}
                    height={200}
                    series={[{ id: curve, name }]}
                    points={weeks.map((week) => ({ x: week.week, values: { [curve]: curveValue(week, curve) } }))}
                    format={(value) => formats.number(value, 3)}
                  />
                </Figure>
              )
            })}
          </div>
        )
      }}
    </Panel>
  )
}

/** One metric of every candidate over the weeks. */
function Candidates() {
  const { models } = useMessages()
  const formats = useFormats()
  const result = useApi('listMetrics', {})
  const metrics = metricsOf(result.data?.items ?? [])
  const [metric, setMetric] = useAddressed('metric', metrics, 'ndcg@10')
  const [kind, setKind] = useAddressed('split', splitKinds, 'time')
  return (
    <Panel
      title={models.candidates}
      text={models.candidatesText}
      result={result}
      lines={8}
      empty={{ ...noWeek, text: models.empty }}
      actions={
        metrics.length === 0 ? null : (
          <>
            <Choice label={models.metric} value={metric} options={metrics.map((value) => ({ value, text: value }))} onChange={setMetric} />
            <Choice
              label={models.split}
              value={kind}
              options={splitKinds.map((value) => ({ value, text: models[value] }))}
              onChange={setKind}
            />
          </>
        )
      }
    >
      {({ items }) => {
        const weeks = newestOfWeeks(items)
        const candidates = candidatesOf(weeks)
        const columns: Column<WeekFigures>[] = [
          { id: 'week', header: models.week, value: ({ week }) => week },
          ...candidates.map((candidate): Column<WeekFigures> => ({
            id: candidate,
            header: candidate,
            numeric: true,
            value: (week) => figureOf(week, kind, candidate, metric),
            cell: (week) => {
              const text = figureText(figureOf(week, kind, candidate, metric), formats.figure)
              return week.candidate === candidate ? <strong>{text}</strong> : text
            },
          })),
        ]
        const title = `${metric}, ${kind === 'time' ? models.time : models.random}`
        return (
          <Figure
            title={title}
            height={320}
            table={
              <DataTable
                caption={title}
                rows={weeks}
                rowKey={({ week }) => week}
                columns={columns}
                sorted={{ column: 'week', descending: true }}
              />
            }
          >
            <Lines
              label={title}
              height={320}
              series={candidates.map((candidate) => ({ id: candidate, name: candidate }))}
              points={weeks.map((week) => ({
                x: week.week,
                values: Object.fromEntries(candidates.map((candidate) => [candidate, figureOf(week, kind, candidate, metric)])),
              }))}
              format={(value) => formats.number(value, 3)}
            />
          </Figure>
        )
      }}
    </Panel>
  )
}

/** One week: who reached what, who shows how much of the catalogue, and for whom. */
function OneWeek() {
  const { models, common } = useMessages()
  const formats = useFormats()
  const words = useWords()
  const result = useApi('listMetrics', {})
  const weeks = newestOfWeeks(result.data?.items ?? [])
  const [shown, setWeek] = useAddressed(
    'week',
    weeks.map(({ week }) => week),
    weeks.at(-1)?.week ?? '',
  )
  const week = weeks.find((one) => one.week === shown)
  const split = week === undefined ? undefined : (splitOf(week, 'time') ?? splitOf(week, 'random'))
  return (
    <Panel
      title={models.oneWeekTitle}
      text={models.oneWeekText}
      result={result}
      lines={8}
      empty={{ ...noWeek, text: models.empty }}
      actions={
        week === undefined ? null : (
          <Choice
            label={models.week}
            value={week.week}
            options={weeks.toReversed().map((one) => ({ value: one.week, text: one.week }))}
            onChange={setWeek}
          />
        )
      }
    >
      {() =>
        week === undefined || split === undefined ? (
          <p className="empty">{common.none}</p>
        ) : (
          <div className="stack">
            <p className="quiet small">
              {splitText(split, words)} · {models.testUsers(formats.number(split.test_users))} ·{' '}
              <Link to={`/operator/reports/${week.week}`}>{models.report}</Link>
            </p>
            <CandidatesOfWeek week={week} split={split} />
            <h3>{models.segmentsTitle}</h3>
            <Segments week={week} split={split} />
          </div>
        )
      }
    </Panel>
  )
}

interface OfWeek {
  readonly week: WeekFigures
  readonly split: Split
}

const shownMetrics = ['ndcg@10', 'precision@10', 'recall@10', 'map@10', 'mar@10', 'coverage@10', 'diversity@10'] as const

function CandidatesOfWeek({ week, split: { candidates } }: OfWeek) {
  const { models } = useMessages()
  const formats = useFormats()
  const columns: Column<Measured>[] = [
    {
      id: 'candidate',
      header: models.candidate,
      value: ({ candidate }) => candidate,
      cell: ({ candidate }) => (
        <>
          {candidate} {candidate === week.candidate ? <Badge tone="good">{models.chosen}</Badge> : null}
        </>
      ),
    },
    ...shownMetrics.map((metric): Column<Measured> => ({
      id: metric,
      header: metric,
      numeric: true,
      value: ({ metrics }) => metrics[metric],
      cell: ({ metrics }) => figureText(metrics[metric], formats.figure),
    })),
    {
      id: 'train',
      header: models.train,
      numeric: true,
      value: ({ seconds }) => seconds.train,
      cell: ({ seconds }) => formats.seconds(seconds.train),
    },
  ]
  const table = (caption: string) => (
    <DataTable
      caption={caption}
      rows={candidates}
      rowKey={({ candidate }) => candidate}
      columns={columns}
      sorted={{ column: 'ndcg@10', descending: true }}
    />
  )
  const ordered = bestFirst(candidates, 'ndcg@10')
  return (
    <div className="figure-grid wide">
      <Figure title="nDCG@10" unit={week.week} height={ordered.length * 36 + 16} table={table('nDCG@10')}>
        <Bars
          label="nDCG@10"
          bars={ordered.map(({ candidate, metrics }) => ({
            id: candidate,
            name: candidate,
            value: metrics['ndcg@10'] ?? 0,
            marked: candidate === week.candidate,
          }))}
          format={formats.figure}
        />
      </Figure>
      <Figure title={models.accuracyAgainstCoverage} unit={week.week} height={320} table={table(models.accuracyAgainstCoverage)}>
        <Points
          label={models.accuracyAgainstCoverage}
          xName="coverage@10"
          yName="nDCG@10"
          points={inMarkedOrder(candidates).map(({ candidate, metrics }) => ({
            id: candidate,
            name: candidate,
            x: metrics['coverage@10'] ?? 0,
            y: metrics['ndcg@10'] ?? 0,
          }))}
          formatX={(value) => formats.percent(value)}
          formatY={(value) => formats.number(value, 3)}
        />
      </Figure>
    </div>
  )
}

/** nDCG@10 of each candidate for each group of users and titles. */
function Segments({ week, split: { segments = {}, segment_bounds: bounds = {}, candidates } }: OfWeek) {
  const { models } = useMessages()
  const formats = useFormats()
  const words = useWords()
  const segmentName = useSegmentName()
  const rows = Object.entries(segments).map(([segment, description]) => ({ segment, description }))
  type Row = (typeof rows)[number]
  const figure = ({ segments: figures }: Measured, { segment }: Row) => figures?.[segment]?.['ndcg@10']
  const users = ({ segment }: Row) => candidates[0]?.segments?.[segment]?.['users']
  if (rows.length === 0) return <p className="empty">{models.noSegments}</p>
  return (
    <DataTable
      caption={models.segmentsTitle}
      rows={rows}
      rowKey={({ segment }) => segment}
      columns={[
        {
          id: 'segment',
          header: models.segment,
          wordy: true,
          value: ({ segment }) => segmentName(segment),
          cell: ({ segment, description }) => (
            <>
              {segmentName(segment)}
              <br />
              <span className="quiet small">
                <Said own={membersText(segment, bounds[segment], words)} server={description} />
              </span>
            </>
          ),
        },
        { id: 'users', header: models.users, numeric: true, value: users, cell: (row) => figureText(users(row), formats.number) },
        ...inMarkedOrder(candidates).map((one): Column<Row> => ({
          id: one.candidate,
          header: one.candidate,
          numeric: true,
          value: (row) => figure(one, row),
          cell: (row) => {
            const text = figureText(figure(one, row), formats.figure)
            return one.candidate === week.candidate ? <strong>{text}</strong> : text
          },
        })),
      ]}
    />
  )
}

function ModelList() {
  const { models } = useMessages()
  const formats = useFormats()
  const result = useApi('listModels', {})
  const columns: Column<ModelSummary>[] = [
    {
      id: 'version',
      header: models.version,
      value: ({ version }) => version,
      cell: ({ version, serving }) => (
        <>
          <VersionLink version={version} /> {serving ? <Badge tone="good">{models.serving}</Badge> : null}
        </>
      ),
    },
    { id: 'week', header: models.week, value: ({ week }) => week },
    { id: 'candidate', header: models.algorithm, value: ({ candidate }) => candidate },
    { id: 'created', header: models.created, value: (model) => model.created_at, cell: (model) => <Moment at={model.created_at} /> },
    {
      id: 'ndcg',
      header: 'nDCG@10',
      numeric: true,
      value: ({ metrics }) => metrics['ndcg@10'],
      cell: ({ metrics }) => figureText(metrics['ndcg@10'], formats.figure),
    },
    { id: 'users', header: models.users, numeric: true, value: ({ users }) => users, cell: ({ users }) => formats.number(users) },
    { id: 'titles', header: models.titles, numeric: true, value: ({ items }) => items, cell: ({ items }) => formats.number(items) },
    { id: 'pairs', header: models.pairs, numeric: true, value: ({ pairs }) => pairs, cell: ({ pairs }) => formats.number(pairs) },
  ]
  return (
    <Panel title={models.list} result={result} empty={{ ...noWeek, text: models.empty }}>
      {({ items }) => (
        <DataTable
          caption={models.list}
          rows={items}
          rowKey={({ version }) => version}
          columns={columns}
          highlighted={({ serving }) => serving}
        />
      )}
    </Panel>
  )
}
