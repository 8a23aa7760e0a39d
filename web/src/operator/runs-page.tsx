/** All runs, newest first; what runs now moves by itself. */
import { Link } from 'react-router'
import { ApiError } from '../api/client.ts'
import type { Run } from '../../../client/schema.ts'
import { useApi, type ApiResult } from '../api/use-api.ts'
import { DataTable, type Column } from '../components/data-table.tsx'
import { Badge } from '../components/facts.tsx'
import { Moment } from '../components/moment.tsx'
import { Panel } from '../components/panel.tsx'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { usePageTitle } from '../page-title.ts'
import { VersionLink } from './version-link.tsx'

const LIVE_MS = 2000
const QUIET_MS = 15_000

/** Often while one runs. */
export function useRuns(limit: number): ApiResult<{ readonly items: readonly Run[] }> {
  const result = useApi('listRuns', { query: { limit } }, { every: (data) => (data?.items.some(isLive) === true ? LIVE_MS : QUIET_MS) })
  return result
}

export const isLive = ({ status }: { readonly status: string }): boolean => status === 'RUNNING'

export const runsMissing = (error: unknown): boolean => error instanceof ApiError && error.problem?.code === 'not_configured'

const tones: Readonly<Record<string, 'good' | 'bad' | 'warn'>> = {
  published: 'good',
  kept: 'warn',
  archived: 'warn',
  held: 'warn',
  rejected: 'bad',
  failed: 'bad',
  FAILED: 'bad',
  TIMED_OUT: 'bad',
  TERMINATED: 'bad',
  CANCELLED: 'warn',
}

/** How a run stands, in one word. */
export function RunBadge({ run }: { readonly run: Pick<Run, 'status' | 'outcome' | 'stage'> }) {
  const { runs } = useMessages()
  const held = isLive(run) && run.stage === 'held'
  const word = held ? 'held' : isLive(run) ? run.status : (run.outcome ?? run.status)
  return <Badge tone={tones[word] ?? 'plain'}>{runs.outcomes[word] ?? runs.states[word] ?? word}</Badge>
}

export function useStageName(): (stage: string | null) => string {
  const { runs } = useMessages()
  return (stage) => (stage === null ? '' : (runs.stages[stage] ?? runs.outcomes[stage] ?? stage))
}

export const secondsOf = ({
  started_at: from,
  ended_at: to,
}: {
  readonly started_at: string | null
  readonly ended_at: string | null
}): number | undefined => (from === null ? undefined : Math.max(0, ((to === null ? Date.now() : Date.parse(to)) - Date.parse(from)) / 1000))

export function RunsPage() {
  const { runs } = useMessages()
  const formats = useFormats()
  const stageName = useStageName()
  usePageTitle(runs.title)
  const result = useRuns(200)
  const columns: Column<Run>[] = [
    {
      id: 'week',
      header: runs.week,
      value: ({ week, workflow_id: id }) => week ?? id,
      cell: (run) => <Link to={runAddress(run)}>{run.week ?? run.workflow_id}</Link>,
    },
    { id: 'outcome', header: runs.outcome, value: (run) => run.outcome ?? run.status, cell: (run) => <RunBadge run={run} /> },
    { id: 'stage', header: runs.stage, value: ({ stage }) => stage, cell: (run) => (isLive(run) ? stageName(run.stage) : '') },
    { id: 'started', header: runs.started, value: (run) => run.started_at, cell: (run) => <Moment at={run.started_at} /> },
    {
      id: 'duration',
      header: runs.duration,
      numeric: true,
      value: secondsOf,
      cell: (run) => {
        const seconds = secondsOf(run)
        return seconds === undefined ? '' : formats.seconds(seconds)
      },
    },
    {
      id: 'model',
      header: runs.version,
      value: ({ model }) => model,
      cell: ({ model }) => (model === null ? '' : <VersionLink version={model} />),
    },
  ]
  return (
    <>
      <h1>{runs.title}</h1>
      {runsMissing(result.error) ? (
        <p className="empty">{runs.notConfigured}</p>
      ) : (
        <Panel title={runs.title} result={result} lines={8} empty={{ when: ({ items }) => items.length === 0, text: runs.empty }}>
          {({ items }) => (
            <DataTable
              caption={runs.title}
              rows={items}
              rowKey={({ run_id: id }) => id}
              columns={columns}
              sorted={{ column: 'started', descending: true }}
            />
          )}
        </Panel>
      )}
    </>
  )
}

export const runAddress = (run: Pick<Run, 'run_id'>): string => `/operator/runs/${encodeURIComponent(run.run_id)}`
