/** One run: its stages as they pass, what a gate found, and the answer to a hold. */
import { Link, useParams } from 'react-router'
import { call } from '../api/client.ts'
import type { Run, RunDetail } from '../../../client/schema.ts'
import { useApi } from '../api/use-api.ts'
import { DataTable } from '../components/data-table.tsx'
import { Badge, Facts } from '../components/facts.tsx'
import { Moment } from '../components/moment.tsx'
import { Loaded, Section } from '../components/panel.tsx'
import { Said } from '../components/said.tsx'
import { Unbroken } from '../components/unbroken.tsx'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { usePageTitle } from '../page-title.ts'
import { useSession } from '../session.tsx'
import { Decision } from './decision.tsx'
import { isLive, RunBadge, runsMissing, secondsOf, useRuns, useStageName } from './runs-page.tsx'
import { checkText, findingText, stageText } from './sentences.ts'
import { useWords } from './words.ts'
import { VersionLink } from './version-link.tsx'

export function RunPage() {
  const { id = '' } = useParams()
  const { runs, models } = useMessages()
  const formats = useFormats()
  const listed = useRuns(200).data?.items.find((run) => run.run_id === id || run.workflow_id === id || run.week === id)
  const result = useApi('getRun', { path: { id } }, { every: (data) => (data !== undefined && isLive(data) ? 1000 : undefined) })
  const title = runs.one(listed?.week ?? id)
  usePageTitle(title)
  return (
    <>
      <h1>
        <Unbroken text={title} /> {result.data === undefined ? null : <RunBadge run={result.data} />}
      </h1>
      {listed === undefined ? null : (
        <Section title={runs.state}>
          <Facts
            facts={[
              { name: runs.started, value: <Moment at={listed.started_at} />, note: formats.ago(listed.started_at) },
              listed.ended_at === null ? undefined : { name: runs.ended, value: <Moment at={listed.ended_at} /> },
              { name: runs.duration, value: formats.seconds(secondsOf(listed) ?? 0) },
              {
                name: runs.version,
                value: listed.model === null ? '–' : <VersionLink version={listed.model} />,
              },
              listed.model === null || listed.week === null
                ? undefined
                : { name: models.report, value: <Link to={`/operator/reports/${listed.week}`}>{listed.week}</Link> },
              { name: 'Temporal', value: <TemporalLink run={listed} />, note: listed.run_id },
            ]}
          />
        </Section>
      )}
      {runsMissing(result.error) ? (
        <p className="empty">{runs.notConfigured}</p>
      ) : (
        <Loaded result={result} lines={8}>
          {(run) => (
            <>
              {run.held_until === null ? null : <Hold run={run} until={run.held_until} />}
              <Stages run={run} />
              {run.breaches.length === 0 ? null : <Breaches run={run} />}
            </>
          )}
        </Loaded>
      )}
    </>
  )
}

/** A link where the server knows Temporal's pages; the workflow's id otherwise. */
function TemporalLink({ run }: { readonly run: Run }) {
  const { runs } = useMessages()
  if (run.url === null) return <code>{run.workflow_id}</code>
  return (
    <a href={run.url} target="_blank" rel="noreferrer">
      {runs.temporal}
    </a>
  )
}

function Stages({ run }: { readonly run: RunDetail }) {
  const { runs } = useMessages()
  const formats = useFormats()
  const stageName = useStageName()
  const words = useWords()
  const total = run.stages.reduce((sum, stage) => sum + (secondsOf(stage) ?? 0), 0)
  return (
    <Section title={runs.timeline}>
      <ol className="stages">
        {run.stages.map((stage) => {
          const seconds = secondsOf(stage)
          return (
            <li key={stage.name} className={`stage ${stage.state}`} aria-current={stage.state === 'running' ? 'step' : undefined}>
              <span className="stage-mark" aria-hidden="true" />
              <div className="stage-text">
                <p>
                  <strong>{stageName(stage.name)}</strong>{' '}
                  <span className="quiet small">
                    {runs.states[stage.state] ?? stage.state}
                    {seconds === undefined ? '' : ` · ${formats.seconds(seconds)}`}
                  </span>
                </p>
                {stage.detail === null ? null : (
                  <p className="small">
                    <Said own={stageText(stage.figures, words)} server={stage.detail} />
                  </p>
                )}
                {seconds === undefined || total === 0 ? null : (
                  <span className="stage-bar" aria-hidden="true">
                    <span style={{ inlineSize: `${(100 * seconds) / total}%` }} />
                  </span>
                )}
              </div>
            </li>
          )
        })}
      </ol>
    </Section>
  )
}

function Breaches({ run }: { readonly run: RunDetail }) {
  const { runs, quality } = useMessages()
  const words = useWords()
  return (
    <Section title={runs.breaches}>
      <DataTable
        caption={runs.breaches}
        rows={run.breaches}
        rowKey={({ check, detail }) => `${check} ${detail}`}
        columns={[
          {
            id: 'check',
            header: quality.check,
            wordy: true,
            value: ({ check }) => check,
            cell: ({ check, finding }) => <Said own={finding === undefined ? undefined : checkText(finding, words)} server={check} />,
          },
          {
            id: 'detail',
            header: runs.detail,
            wordy: true,
            value: ({ detail }) => detail,
            cell: ({ detail, finding }) => <Said own={finding === undefined ? undefined : findingText(finding, words)} server={detail} />,
          },
        ]}
      />
    </Section>
  )
}

function Hold({ run, until }: { readonly run: RunDetail; readonly until: string }) {
  const { runs, decision } = useMessages()
  const formats = useFormats()
  const session = useSession()
  return (
    <Section title={runs.held} className="hold">
      <div className="stack">
        <p>{runs.heldUntil(formats.time(until))}</p>
        {session?.role === 'admin' ? (
          <div className="title-actions">
            <Decision
              act={runs.approve}
              question={runs.approveTitle}
              text={runs.approveText}
              primary
              decide={(reason) => call('approveRun', { path: { id: run.workflow_id }, body: { reason } })}
            />
            <Decision
              act={runs.reject}
              question={runs.rejectTitle}
              text={runs.rejectText}
              decide={(reason) => call('rejectRun', { path: { id: run.workflow_id }, body: { reason } })}
            />
          </div>
        ) : (
          <p className="quiet">
            <Badge tone="warn">admin</Badge> {decision.needsAdmin}
          </p>
        )}
      </div>
    </Section>
  )
}
