/** What was found in the data, week by week. */
import { useQueries } from '@tanstack/react-query'
import { call } from '../api/client.ts'
import type { DataQuality } from '../../../client/schema.ts'
import { queryKey, useApi } from '../api/use-api.ts'
import { Choice } from '../components/choice.tsx'
import { DataTable } from '../components/data-table.tsx'
import { Badge, Facts } from '../components/facts.tsx'
import { Figure, Lines } from '../components/figure.tsx'
import { Loaded, Panel, Section } from '../components/panel.tsx'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { usePageTitle } from '../page-title.ts'
import { LateData } from './late-data.tsx'
import { droppedOf, gateFigures, isBreach, otherFigures, rowsDropped, rowsRead, sourceTables, type GateFigure } from './quality.ts'
import { useAddressed } from './use-addressed.ts'

/** So many weeks are fetched for the curves. */
const WEEKS_SHOWN = 30

export function QualityPage() {
  const { quality } = useMessages()
  usePageTitle(quality.title)
  const models = useApi('listModels', {})
  return (
    <>
      <h1>{quality.title}</h1>
      <Loaded result={models} lines={8} empty={{ when: ({ items }) => items.length === 0, text: quality.empty }}>
        {({ items }) => {
          const weeks = [...new Set(items.map(({ week }) => week))].toSorted().slice(-WEEKS_SHOWN)
          return (
            <>
              <OneWeek weeks={weeks} />
              <OverWeeks weeks={weeks} />
            </>
          )
        }}
      </Loaded>
      <LateData />
    </>
  )
}

function OneWeek({ weeks }: { readonly weeks: readonly string[] }) {
  const { quality } = useMessages()
  const formats = useFormats()
  const [week, setWeek] = useAddressed('week', weeks, weeks.at(-1) ?? '')
  const result = useApi('getDataQuality', { path: { week } }, { keep: true })
  return (
    <Panel
      title={`${quality.week} ${week}`}
      text={quality.text}
      result={result}
      lines={8}
      actions={
        <Choice
          label={quality.week}
          value={week}
          options={weeks.toReversed().map((value) => ({ value, text: value }))}
          onChange={setWeek}
        />
      }
    >
      {(found) => {
        const { report } = found
        const dropped = droppedOf(report)
        const others = otherFigures(report)
        return (
          <div className="stack">
            <Facts
              facts={sourceTables.map((table) => ({
                name: quality.tables[table] ?? table,
                value: formats.number(rowsRead(report, table)),
                note: `${quality.left} ${formats.number(rowsDropped(report, table))}`,
              }))}
            />
            <h3>{quality.gate}</h3>
            <Gate figures={gateFigures(found)} />
            <h3>{quality.dropped}</h3>
            {dropped.length === 0 ? (
              <p className="empty">{quality.droppedNone}</p>
            ) : (
              <DataTable
                caption={quality.dropped}
                rows={dropped}
                rowKey={({ table, reason }) => `${table} ${reason}`}
                sorted={{ column: 'rows', descending: true }}
                columns={[
                  { id: 'table', header: quality.table, value: ({ table }) => quality.tables[table] ?? table },
                  { id: 'reason', header: quality.reason, wordy: true, value: ({ reason }) => quality.reasons[reason] ?? reason },
                  { id: 'rows', header: quality.count, numeric: true, value: ({ rows }) => rows, cell: ({ rows }) => formats.number(rows) },
                  {
                    id: 'share',
                    header: quality.share,
                    numeric: true,
                    value: ({ share }) => share,
                    cell: ({ share }) => formats.percent(share, 2),
                  },
                ]}
              />
            )}
            <h3>{quality.kept}</h3>
            <Left report={report} />
            {others.length === 0 ? null : (
              <>
                <h3>{quality.other}</h3>
                <DataTable
                  caption={quality.other}
                  rows={others}
                  rowKey={({ name }) => name}
                  columns={[
                    { id: 'name', header: quality.figure, value: ({ name }) => name, cell: ({ name }) => <code>{name}</code> },
                    {
                      id: 'value',
                      header: quality.value,
                      numeric: true,
                      value: ({ value }) => value,
                      cell: ({ value }) => formats.number(value, 4),
                    },
                  ]}
                />
              </>
            )}
          </div>
        )
      }}
    </Panel>
  )
}

function Gate({ figures }: { readonly figures: readonly GateFigure[] }) {
  const { quality } = useMessages()
  const formats = useFormats()
  const limit = ({ least, most, share, check }: GateFigure): string => {
    const show = share === undefined && check !== 'volume' ? formats.number : (value: number) => formats.percent(value, 1)
    return least === undefined ? quality.atMost(show(most)) : quality.between(show(least), show(most))
  }
  return (
    <>
      <p className="quiet">{quality.gateText}</p>
      <DataTable
        caption={quality.gate}
        rows={figures}
        rowKey={({ log, check }) => `${log} ${check}`}
        columns={[
          { id: 'log', header: quality.table, value: ({ log }) => quality.logs[log] },
          {
            id: 'check',
            header: quality.check,
            wordy: true,
            value: ({ check }) => quality.reasons[check] ?? check,
            cell: (figure) => (
              <>
                {quality.reasons[figure.check] ?? figure.check} {isBreach(figure) ? <Badge tone="bad">{quality.breach}</Badge> : null}
              </>
            ),
          },
          { id: 'count', header: quality.count, numeric: true, value: ({ count }) => count, cell: ({ count }) => formats.number(count) },
          {
            id: 'share',
            header: quality.weekShare,
            numeric: true,
            value: ({ share }) => share,
            cell: ({ share }) => (share === undefined ? '–' : formats.percent(share, 1)),
          },
          { id: 'limit', header: quality.allowed, numeric: true, cell: limit },
        ]}
      />
    </>
  )
}

function Left({ report }: { readonly report: DataQuality['report'] }) {
  const { overview } = useMessages()
  const formats = useFormats()
  return (
    <Facts
      facts={[
        { name: overview.pairs, value: formats.number(report.pairs) },
        { name: overview.users, value: formats.number(report.users) },
        { name: overview.titles, value: formats.number(report.programs) },
      ]}
    />
  )
}

/** Each week is an answer of its own: what is there is shown, what is missing is a gap. */
function OverWeeks({ weeks }: { readonly weeks: readonly string[] }) {
  const { quality } = useMessages()
  const formats = useFormats()
  const results = useQueries({
    queries: weeks.map((week) => ({
      queryKey: queryKey('getDataQuality', { path: { week } }),
      queryFn: ({ signal }: { readonly signal: AbortSignal }) => call('getDataQuality', { path: { week } }, signal),
      staleTime: 60_000,
    })),
  })
  const rows = weeks.map((week, index) => ({ week, report: results[index]?.data?.report }))
  return (
    <Section title={quality.over} text={quality.overText}>
      <div className="figure-grid wide">
        {sourceTables.map((table) => {
          const name = quality.tables[table] ?? table
          return (
            <Figure
              key={table}
              title={name}
              unit={quality.count}
              height={220}
              table={
                <DataTable
                  caption={name}
                  rows={rows}
                  rowKey={({ week }) => week}
                  columns={[
                    { id: 'week', header: quality.week, value: ({ week }) => week },
                    {
                      id: 'read',
                      header: quality.read,
                      numeric: true,
                      value: ({ report }) => (report === undefined ? undefined : rowsRead(report, table)),
                      cell: ({ report }) => (report === undefined ? '–' : formats.number(rowsRead(report, table))),
                    },
                    {
                      id: 'left',
                      header: quality.left,
                      numeric: true,
                      value: ({ report }) => (report === undefined ? undefined : rowsDropped(report, table)),
                      cell: ({ report }) => (report === undefined ? '–' : formats.number(rowsDropped(report, table))),
                    },
                  ]}
                />
              }
            >
              <Lines
                label={name}
                height={220}
                fromZero
                series={[
                  { id: 'read', name: quality.read },
                  { id: 'left', name: quality.left },
                ]}
                points={rows.map(({ week, report }) => ({
                  x: week,
                  values: report === undefined ? {} : { read: rowsRead(report, table), left: rowsDropped(report, table) },
                }))}
                format={(value) => formats.compact(value)}
              />
            </Figure>
          )
        })}
      </div>
    </Section>
  )
}
