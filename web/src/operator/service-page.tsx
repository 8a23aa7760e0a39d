/** How the API process does: ready or not, what it holds, what it was asked. */
import { useQuery } from '@tanstack/react-query'
import { callText } from '../api/client.ts'
import { useApi } from '../api/use-api.ts'
import { DataTable } from '../components/data-table.tsx'
import { Badge, Facts } from '../components/facts.tsx'
import { Panel } from '../components/panel.tsx'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { usePageTitle } from '../page-title.ts'
import { StaleModel } from './overview-page.tsx'
import { readSamples, routesOf, valueOf } from './prometheus.ts'

const EVERY = 5000

export function ServicePage() {
  const { service, overview } = useMessages()
  const formats = useFormats()
  usePageTitle(service.title)
  const ready = useApi('getReadiness', {}, { every: EVERY })
  const metrics = useQuery({
    queryKey: ['/metrics'],
    queryFn: async ({ signal }) => readSamples(await callText('/metrics', signal)),
    refetchInterval: EVERY,
  })
  return (
    <>
      <h1>{service.title}</h1>
      <Panel title={service.state} result={ready}>
        {({ model, week, origin, problem }) => (
          <div className="stack">
            <Facts
              facts={[
                { name: service.state, value: <Badge tone="good">{service.ready}</Badge> },
                { name: overview.version, value: model, note: week },
                { name: overview.origin, value: origin === 'store' ? overview.originStore : overview.originCache },
                { name: service.problem, value: problem === null ? service.noProblem : problem.code },
              ]}
            />
            {problem === null ? null : <StaleModel problem={problem} />}
          </div>
        )}
      </Panel>
      <Panel title={service.process} result={metrics}>
        {(samples) => {
          const of = (name: string, show: (value: number) => string) => {
            const value = valueOf(samples, name)
            return value === undefined ? '–' : show(value)
          }
          const given = samples.filter(({ name }) => name === 'matinee_recommendations_total')
          return (
            <Facts
              facts={[
                {
                  name: service.uptime,
                  value: of('process_start_time_seconds', (value) => formats.seconds(Math.max(1, Date.now() / 1000 - value))),
                },
                { name: service.memory, value: of('process_resident_memory_bytes', formats.bytes) },
                { name: service.eventLoop, value: of('nodejs_eventloop_lag_p99_seconds', formats.seconds) },
                { name: service.modelChecked, value: of('matinee_model_checked_timestamp_seconds', (value) => formats.ago(value * 1000)) },
                ...given.map(({ labels, value }) => ({
                  name: `${service.recommendations}, ${labels['source'] === 'personal' ? service.personal : service.popular}`,
                  value: formats.number(value),
                })),
              ]}
            />
          )
        }}
      </Panel>
      <Panel title={service.requests} text={service.requestsText} result={metrics} lines={8}>
        {(samples) => (
          <DataTable
            caption={service.requests}
            rows={routesOf(samples)}
            rowKey={({ route }) => route}
            sorted={{ column: 'requests', descending: true }}
            columns={[
              { id: 'route', header: service.route, value: ({ route }) => route, cell: ({ route }) => <code>{route}</code> },
              {
                id: 'requests',
                header: service.count,
                numeric: true,
                value: ({ requests }) => requests,
                cell: ({ requests }) => formats.number(requests),
              },
              {
                id: 'errors',
                header: service.errors,
                numeric: true,
                value: ({ errors }) => errors,
                cell: ({ errors }) => formats.number(errors),
              },
              {
                id: 'seconds',
                header: service.mean,
                numeric: true,
                value: ({ seconds }) => seconds,
                cell: ({ seconds }) => formats.seconds(seconds),
              },
            ]}
          />
        )}
      </Panel>
    </>
  )
}
