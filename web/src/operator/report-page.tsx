/** The report of one week's run: what was tried, what won and by how much, and for whom it got better or worse. */
import { Link, useNavigate, useParams } from 'react-router'
import type { WeekReport } from '../../../client/schema.ts'
import { useApi } from '../api/use-api.ts'
import { Choice } from '../components/choice.tsx'
import { DataTable, type Column } from '../components/data-table.tsx'
import { Badge, Facts } from '../components/facts.tsx'
import { Loaded, Section } from '../components/panel.tsx'
import { Said } from '../components/said.tsx'
import { Unbroken } from '../components/unbroken.tsx'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { usePageTitle } from '../page-title.ts'
import { newestOfWeeks } from './metrics.ts'
import { changesOf, gainsOf, trialsOf, type Change, type GainRow, type Search, type Trial, type Verdict } from './report.ts'
import { choiceText, decidedOf, figureText, membersText, parametersText, searchText } from './sentences.ts'
import { useSegmentName, useWords } from './words.ts'
import { VersionLink } from './version-link.tsx'

export function ReportPage() {
  const { week: asked } = useParams()
  const { report } = useMessages()
  const metrics = useApi('listMetrics', {})
  const weeks = newestOfWeeks(metrics.data?.items ?? []).map(({ week }) => week)
  const week = asked ?? weeks.at(-1)
  const navigate = useNavigate()
  usePageTitle(week === undefined ? report.title : report.one(week))
  return (
    <>
      <div className="page-head">
        <h1>{week === undefined ? report.title : <Unbroken text={report.one(week)} />}</h1>
        {week === undefined || weeks.length === 0 ? null : (
          <Choice
            label={report.week}
            value={week}
            options={weeks.toReversed().map((value) => ({ value, text: value }))}
            onChange={(value) => void navigate(`/operator/reports/${value}`, { replace: true })}
          />
        )}
      </div>
      {week === undefined ? (
        <Loaded result={metrics} lines={10}>
          {() => <p className="empty">{report.empty}</p>}
        </Loaded>
      ) : (
        <ReportOfWeek week={week} />
      )}
    </>
  )
}

function ReportOfWeek({ week }: { readonly week: string }) {
  const result = useApi('getWeekReport', { path: { week } })
  return (
    <Loaded result={result} lines={10}>
      {(found) => (
        <>
          <Choosing report={found} />
          <Changes report={found} verdict="worse" />
          <Changes report={found} verdict="better" />
          <Gains report={found} />
          <ForWhom report={found} />
          <Lists report={found} />
          <Tried report={found} />
          {found.search === undefined ? null : <Searched search={found.search} />}
        </>
      )}
    </Loaded>
  )
}

interface OfReport {
  readonly report: WeekReport
}

function Choosing({ report: found }: OfReport) {
  const { candidate, version, reason, decided_by: by, test, week_before: before } = found
  const { report, models } = useMessages()
  const formats = useFormats()
  const words = useWords()
  // The report has the split that decided; the figures of the week have both.
  const measured = useApi('listMetrics', {}).data?.items.find((one) => one.version === version)
  const decided =
    measured === undefined ? { ...found, by, splits: [{ kind: by, test_users: test.users, candidates: found.tried }] } : decidedOf(measured)
  return (
    <Section title={report.choice}>
      <div className="stack">
        <Facts
          facts={[
            { name: report.chosen, value: candidate },
            { name: models.version, value: <VersionLink version={version} /> },
            { name: models.split, value: by === 'time' ? models.time : models.random, note: models.testUsers(formats.number(test.users)) },
            before === null
              ? { name: report.weekBefore, value: report.notComparable }
              : {
                  name: report.weekBefore,
                  value: before.candidate,
                  note: <Link to={`/operator/reports/${before.week}`}>{before.week}</Link>,
                },
          ]}
        />
        <p className="quiet">
          <Said own={choiceText(decided, words)} server={reason} />
        </p>
      </div>
    </Section>
  )
}

function Changes({ report: found, verdict }: OfReport & { readonly verdict: 'better' | 'worse' }) {
  const { report } = useMessages()
  const changes = changesOf(found, verdict)
  return (
    <Section title={verdict === 'worse' ? report.gotWorse : report.gotBetter}>
      {changes.length === 0 ? (
        <p className="quiet">{report.nothing}</p>
      ) : (
        <ul className="sentences">
          {changes.map((change) => (
            <li key={`${change.of} ${change.against}`}>
              <ChangeSentence change={change} metric={found.metric} />
            </li>
          ))}
        </ul>
      )}
    </Section>
  )
}

interface ChangeSentenceProps {
  readonly change: Change
  /** Of segments. */
  readonly metric: string
}

function ChangeSentence({ change: { kind, of, against, now, earlier }, metric }: ChangeSentenceProps) {
  const { report } = useMessages()
  const formats = useFormats()
  const segmentName = useSegmentName()
  const name = kind === 'list' ? (report.measures[of] ?? of) : `${segmentName(of)}, ${metric}`
  return <>{report.change(name, against, formats.figure(earlier), formats.figure(now))}</>
}

const tones: Readonly<Record<Verdict, 'good' | 'bad' | 'plain'>> = {
  better: 'good',
  worse: 'bad',
  'no clear difference': 'plain',
  'too few users': 'plain',
}

function VerdictBadge({ verdict }: { readonly verdict: Verdict }) {
  const { report } = useMessages()
  return <Badge tone={tones[verdict]}>{report.verdicts[verdict]}</Badge>
}

/** Beside a figure: only what is beyond chance. */
function Mark({ verdict }: { readonly verdict: Verdict | null }) {
  return verdict === 'better' || verdict === 'worse' ? <VerdictBadge verdict={verdict} /> : null
}

function Gains({ report: found }: OfReport) {
  const { report, models } = useMessages()
  const formats = useFormats()
  const rows = gainsOf(found)
  const columns: Column<GainRow>[] = [
    {
      id: 'against',
      header: report.against,
      wordy: true,
      value: ({ against }) => against,
      cell: ({ against, roles }) => (
        <>
          {against}
          <br />
          <span className="quiet small">{formats.list(roles.map((role) => report.roles[role]))}</span>
        </>
      ),
    },
    { id: 'metric', header: models.metric, value: ({ metric }) => metric },
    { id: 'verdict', header: report.verdict, value: ({ verdict }) => verdict, cell: ({ verdict }) => <VerdictBadge verdict={verdict} /> },
    {
      id: 'difference',
      header: report.difference,
      numeric: true,
      value: ({ difference }) => difference,
      cell: ({ difference }) => formats.signed(difference),
    },
    {
      id: 'relative',
      header: report.relative,
      numeric: true,
      value: ({ relative }) => relative,
      cell: ({ relative }) => (relative === null ? '–' : formats.percent(relative, 1)),
    },
    {
      id: 'interval',
      header: report.interval,
      numeric: true,
      cell: ({ low, high }) => report.from(formats.signed(low), formats.signed(high)),
    },
  ]
  return (
    <Section title={report.gains} text={report.gainsText}>
      {rows.length === 0 ? (
        <p className="empty">{report.nothingToCompare}</p>
      ) : (
        <DataTable caption={report.gains} rows={rows} rowKey={({ against, metric }) => `${against} ${metric}`} columns={columns} />
      )}
    </Section>
  )
}

function ForWhom({ report: found }: OfReport) {
  const { report, models } = useMessages()
  const formats = useFormats()
  const words = useWords()
  const segmentName = useSegmentName()
  type Row = WeekReport['segments'][number]
  const { popularity, candidate, week_before: before } = found
  const columns: Column<Row>[] = [
    {
      id: 'segment',
      header: models.segment,
      wordy: true,
      value: ({ segment }) => segmentName(segment),
      cell: ({ segment, description, bounds }) => (
        <>
          {segmentName(segment)}
          <br />
          <span className="quiet small">
            <Said own={membersText(segment, bounds, words)} server={description} />
          </span>
        </>
      ),
    },
    { id: 'users', header: models.users, numeric: true, value: ({ users }) => users, cell: ({ users }) => formats.number(users) },
    {
      id: 'published',
      header: candidate,
      numeric: true,
      value: ({ published }) => published,
      cell: (row) => formats.figure(row.published),
    },
    ...(popularity === null || popularity === candidate
      ? []
      : [
          {
            id: 'popularity',
            header: popularity,
            numeric: true,
            value: (row: Row) => row.popularity,
            cell: (row: Row) => (
              <>
                {figureText(row.popularity, formats.figure)} <Mark verdict={row.against_popularity} />
              </>
            ),
          },
        ]),
    ...(before === null
      ? []
      : [
          {
            id: 'before',
            header: `${before.week}, ${before.candidate}`,
            numeric: true,
            value: (row: Row) => row.week_before,
            cell: (row: Row) => (
              <>
                {figureText(row.week_before, formats.figure)} <Mark verdict={row.against_week_before} />
              </>
            ),
          },
        ]),
  ]
  return (
    <Section title={report.forWhom} text={report.forWhomText(found.metric, candidate)}>
      {found.segments.length === 0 ? (
        <p className="empty">{models.noSegments}</p>
      ) : (
        <DataTable caption={report.forWhom} rows={found.segments} rowKey={({ segment }) => segment} columns={columns} />
      )}
    </Section>
  )
}

function Lists({ report: found }: OfReport) {
  const { report, models } = useMessages()
  const formats = useFormats()
  type Row = WeekReport['lists'][number]
  const { popularity, candidate, week_before: before } = found
  const columns: Column<Row>[] = [
    {
      id: 'measure',
      header: models.metric,
      wordy: true,
      value: ({ measure }) => report.measures[measure] ?? measure,
      cell: ({ measure }) => (
        <>
          {report.measures[measure] ?? measure}
          <br />
          <span className="quiet small">{measure}</span>
        </>
      ),
    },
    {
      id: 'published',
      header: candidate,
      numeric: true,
      value: ({ published }) => published,
      cell: (row) => formats.figure(row.published),
    },
    ...(popularity === null || popularity === candidate
      ? []
      : [
          {
            id: 'popularity',
            header: popularity,
            numeric: true,
            value: (row: Row) => row.popularity,
            cell: (row: Row) => figureText(row.popularity, formats.figure),
          },
        ]),
    ...(before === null
      ? []
      : [
          {
            id: 'before',
            header: `${before.week}, ${before.candidate}`,
            numeric: true,
            value: (row: Row) => row.week_before,
            cell: (row: Row) => (
              <>
                {figureText(row.week_before, formats.figure)} <Mark verdict={row.against_week_before} />
              </>
            ),
          },
        ]),
  ]
  return (
    <Section title={report.lists} text={report.listsText}>
      <DataTable caption={report.lists} rows={found.lists} rowKey={({ measure }) => measure} columns={columns} />
    </Section>
  )
}

const parametersColumn = (header: string): Column<Pick<Trial, 'parameters'>> => ({
  id: 'parameters',
  header,
  wordy: 'long',
  cell: ({ parameters }) => <span className="small">{parametersText(parameters)}</span>,
})

function Tried({ report: found }: OfReport) {
  const { report, models } = useMessages()
  const formats = useFormats()
  type Row = WeekReport['tried'][number]
  const metrics = [...new Set(found.tried.flatMap((one) => Object.keys(one.metrics)))]
  const columns: Column<Row>[] = [
    {
      id: 'candidate',
      header: models.candidate,
      value: ({ candidate }) => candidate,
      cell: ({ candidate }) => (
        <>
          {candidate} {candidate === found.candidate ? <Badge tone="good">{models.chosen}</Badge> : null}
        </>
      ),
    },
    ...metrics.map((metric): Column<Row> => ({
      id: metric,
      header: metric,
      numeric: true,
      value: (row) => row.metrics[metric],
      cell: (row) => figureText(row.metrics[metric], formats.figure),
    })),
    {
      id: 'train',
      header: models.train,
      numeric: true,
      value: (row) => row.train_seconds,
      cell: (row) => formats.seconds(row.train_seconds),
    },
    parametersColumn(models.parameters),
  ]
  return (
    <Section title={report.tried}>
      <DataTable caption={report.tried} rows={found.tried} rowKey={({ candidate }) => candidate} columns={columns} />
    </Section>
  )
}

/** Every fit of the search, those that were given up too. */
function Searched({ search }: { readonly search: Search }) {
  const { report, models } = useMessages()
  const formats = useFormats()
  const words = useWords()
  const columns: Column<Trial>[] = [
    { id: 'place', header: report.fit, numeric: true, value: ({ place }) => place },
    { id: 'algorithm', header: models.algorithm, value: ({ algorithm }) => algorithm },
    {
      id: 'ndcg',
      header: 'nDCG@20',
      numeric: true,
      value: ({ ndcg }) => ndcg,
      cell: ({ ndcg, ended }) => (ended === undefined ? figureText(ndcg, formats.figure) : (report.ended[ended] ?? ended)),
    },
    {
      id: 'seconds',
      header: models.train,
      numeric: true,
      value: ({ seconds }) => seconds,
      cell: ({ seconds }) => formats.seconds(seconds),
    },
    parametersColumn(models.parameters),
  ]
  return (
    <Section title={report.searched} text={searchText(search, words)}>
      <DataTable
        caption={report.searched}
        rows={trialsOf(search)}
        rowKey={({ place }) => String(place)}
        rowHeader="algorithm"
        sorted={{ column: 'ndcg', descending: true }}
        columns={columns}
      />
    </Section>
  )
}
