/** What serves, since when, how old it is, and how it came about. */
import { Link } from 'react-router'
import { useApi } from '../api/use-api.ts'
import { Facts } from '../components/facts.tsx'
import { DataTable } from '../components/data-table.tsx'
import { Figure, Lines } from '../components/figure.tsx'
import { Panel } from '../components/panel.tsx'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { usePageTitle } from '../page-title.ts'

const EVERY = 10_000

export function OverviewPage() {
  const { overview } = useMessages()
  usePageTitle(overview.title)
  return (
    <>
      <h1>{overview.title}</h1>
      <Serving />
      <Growth />
    </>
  )
}

function Serving() {
  const { overview, models } = useMessages()
  const formats = useFormats()
  const ready = useApi('getReadiness', {}, { every: EVERY })
  const latest = useApi('getLatestModel', {}, { every: EVERY })
  return (
    <Panel title={overview.serving} result={latest}>
      {(model) => (
        <div className="stack">
          {ready.data?.problem === undefined || ready.data.problem === null ? null : (
            <p className="notice" role="status">
              <strong>{overview.stale}.</strong> {ready.data.problem.detail}
            </p>
          )}
          <Facts
            facts={[
              { name: overview.week, value: model.week },
              {
                name: overview.version,
                value: <Link to={`/operator/models/${encodeURIComponent(model.version)}`}>{model.version}</Link>,
                note: ready.data === undefined ? undefined : ready.data.origin === 'store' ? overview.originStore : overview.originCache,
              },
              { name: overview.trainedAt, value: formats.time(model.created_at), note: formats.ago(model.created_at) },
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
            {overview.choice}: {model.choice.reason}
          </p>
        </div>
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
