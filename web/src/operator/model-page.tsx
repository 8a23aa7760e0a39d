/** Everything that is written down of one model. */
import { Link, useParams } from 'react-router'
import { call } from '../api/client.ts'
import { useApi } from '../api/use-api.ts'
import { DataTable, type Column } from '../components/data-table.tsx'
import { Badge, Facts } from '../components/facts.tsx'
import { Moment } from '../components/moment.tsx'
import { Loaded, Section } from '../components/panel.tsx'
import { Said } from '../components/said.tsx'
import { Unbroken } from '../components/unbroken.tsx'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { usePageTitle } from '../page-title.ts'
import type { ModelDetail } from '../../../client/schema.ts'
import { useSession } from '../session.tsx'
import { Decision } from './decision.tsx'
import type { Measured } from './metrics.ts'
import { choiceText, decidedOf, figureText, parametersText, splitText } from './sentences.ts'
import { useWords } from './words.ts'

/** Which model serves may change at any time. */
const SERVING_MS = 10_000

export function ModelPage() {
  const { version = '' } = useParams()
  const { models } = useMessages()
  usePageTitle(`${models.detail} ${version}`)
  const result = useApi('getModel', { path: { version } }, { every: SERVING_MS })
  return (
    <>
      <h1>
        {models.detail} <Unbroken text={version} /> {result.data?.serving === true ? <Badge tone="good">{models.serving}</Badge> : null}
      </h1>
      {result.data?.serving === false ? <Promote version={version} /> : null}
      <Loaded result={result} lines={10}>
        {(model) => <Detail model={model} />}
      </Loaded>
    </>
  )
}

function Promote({ version }: { readonly version: string }) {
  const { models } = useMessages()
  if (useSession()?.role !== 'admin') return null
  return (
    <div className="title-actions">
      <Decision
        act={models.promote}
        question={models.promoteTitle(version)}
        text={models.promoteText}
        decide={(reason) => call('promoteModel', { path: { version }, body: { reason } })}
      />
    </div>
  )
}

function Detail({ model }: { readonly model: ModelDetail }) {
  const { models } = useMessages()
  const formats = useFormats()
  const words = useWords()
  const metrics = [...new Set(model.splits.flatMap(({ candidates }) => candidates.flatMap((one) => Object.keys(one.metrics))))]
  const columns: Column<Measured>[] = [
    {
      id: 'candidate',
      header: models.candidate,
      value: ({ candidate }) => candidate,
      cell: ({ candidate }) => (
        <>
          {candidate} {candidate === model.candidate ? <Badge tone="good">{models.chosen}</Badge> : null}
        </>
      ),
    },
    ...metrics.map((metric): Column<Measured> => ({
      id: metric,
      header: metric,
      numeric: true,
      value: (one) => one.metrics[metric],
      cell: (one) => figureText(one.metrics[metric], formats.figure),
    })),
    {
      id: 'train',
      header: models.train,
      numeric: true,
      value: ({ seconds }) => seconds.train,
      cell: ({ seconds }) => formats.seconds(seconds.train),
    },
    {
      id: 'rank',
      header: models.rank,
      numeric: true,
      value: ({ seconds }) => seconds.rank,
      cell: ({ seconds }) => formats.seconds(seconds.rank),
    },
  ]
  return (
    <>
      <Section title={models.choice}>
        <div className="stack">
          <p>
            <Said own={choiceText(decidedOf(model), words)} server={model.choice.reason} />
          </p>
          <Facts
            facts={[
              { name: models.week, value: model.week, note: <Link to={`/operator/reports/${model.week}`}>{models.report}</Link> },
              { name: models.algorithm, value: model.algorithm },
              { name: models.created, value: <Moment at={model.created_at} />, note: formats.ago(model.created_at) },
              { name: models.users, value: formats.number(model.users) },
              { name: models.titles, value: formats.number(model.items) },
              { name: models.pairs, value: formats.number(model.pairs) },
              { name: models.seed, value: model.seed },
              {
                name: models.parameters,
                value: parametersText(model.parameters),
              },
              { name: models.run, value: model.run.workflow_id, note: model.run.run_id },
              { name: models.codeVersion, value: model.code_version },
            ]}
          />
        </div>
      </Section>
      {model.splits.map((split) => (
        <Section
          key={split.kind}
          title={`${models.split}: ${split.kind === 'time' ? models.time : models.random}`}
          text={`${splitText(split, words)} · ${models.testUsers(formats.number(split.test_users))}`}
        >
          <DataTable
            caption={split.kind === 'time' ? models.time : models.random}
            rows={split.candidates}
            rowKey={({ candidate }) => candidate}
            columns={columns}
            sorted={{ column: 'ndcg@10', descending: true }}
          />
        </Section>
      ))}
      <Section title={models.files}>
        <DataTable
          caption={models.files}
          rows={Object.entries(model.files).map(([name, file]) => ({ name, ...file }))}
          rowKey={({ name }) => name}
          columns={[
            { id: 'name', header: models.file, value: ({ name }) => name },
            { id: 'size', header: models.size, numeric: true, value: ({ bytes }) => bytes, cell: ({ bytes }) => formats.bytes(bytes) },
            { id: 'digest', header: models.digest, cell: ({ sha256 }) => <code>{sha256}</code> },
          ]}
        />
      </Section>
    </>
  )
}
