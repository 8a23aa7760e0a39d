/** The titles that the model knows: found by name and genre, each with its audience and its neighbours. */
import { Button, Input, Label, SearchField } from 'react-aria-components'
import { Link, useParams } from 'react-router'
import type { Program } from '../../../client/schema.ts'
import { useApi } from '../api/use-api.ts'
import { Choice } from '../components/choice.tsx'
import { DataTable, type Column } from '../components/data-table.tsx'
import { Badge, Facts } from '../components/facts.tsx'
import { Loaded, Panel, Section } from '../components/panel.tsx'
import { Poster } from '../components/poster.tsx'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { usePageTitle } from '../page-title.ts'
import { ageText, nameOf } from '../viewer/words.ts'
import { useAddress } from './use-addressed.ts'

const PAGE_LENGTH = 50

export function TitlesPage() {
  const { titles } = useMessages()
  usePageTitle(titles.title)
  return (
    <>
      <h1>{titles.title}</h1>
      <TitleList />
    </>
  )
}

function useTitleColumns(): readonly Column<Program>[] {
  const messages = useMessages()
  const { titles, title: words } = messages
  const formats = useFormats()
  return [
    {
      id: 'name',
      header: titles.find,
      wordy: true,
      value: (title) => nameOf(title, messages),
      cell: (title) => <Link to={`/operator/titles/${encodeURIComponent(title.program_id)}`}>{nameOf(title, messages)}</Link>,
    },
    { id: 'genre', header: titles.genre, value: ({ genre }) => genre },
    { id: 'category', header: words.category, value: ({ category }) => category },
    { id: 'age', header: titles.ageLimit, value: (title) => title.age_limit, cell: (title) => ageText(title.age_limit, messages) },
    { id: 'released', header: titles.released, value: (title) => title.release_date },
    {
      id: 'viewers',
      header: titles.viewers,
      numeric: true,
      value: ({ viewers }) => viewers,
      cell: ({ viewers }) => formats.number(viewers),
    },
  ]
}

function TitleList() {
  const { titles } = useMessages()
  const formats = useFormats()
  const [search, change] = useAddress()
  const q = search.get('q') ?? ''
  const genre = search.get('genre') ?? ''
  const offset = Math.max(0, Math.trunc(Number(search.get('offset') ?? 0)) || 0)
  const columns = useTitleColumns()
  const result = useApi(
    'listPrograms',
    { query: { limit: PAGE_LENGTH, offset, ...(q === '' ? {} : { q }), ...(genre === '' ? {} : { genre: [genre] }) } },
    { keep: true },
  )
  return (
    <Panel
      title={result.data === undefined ? titles.title : titles.results(formats.number(result.data.total))}
      result={result}
      lines={12}
      actions={
        <>
          <SearchField className="field" value={q} onChange={(value) => change({ q: value, offset: '' })}>
            <Label className="field-label">{titles.find}</Label>
            <Input className="input" maxLength={200} />
          </SearchField>
          <Choice
            label={titles.genre}
            value={genre}
            options={[{ value: '', text: titles.allGenres }, ...(result.data?.genres ?? []).map((value) => ({ value, text: value }))]}
            onChange={(value) => change({ genre: value, offset: '' })}
          />
        </>
      }
      empty={{ when: ({ total }) => total === 0, text: titles.empty }}
    >
      {({ items, total }) => (
        <div className="stack">
          <DataTable
            caption={titles.title}
            rows={items}
            rowKey={({ program_id: id }) => id}
            columns={columns}
            sorted={{ column: 'viewers', descending: true }}
          />
          <div className="pager">
            <Button
              className="button"
              isDisabled={offset === 0}
              onPress={() => change({ offset: String(Math.max(0, offset - PAGE_LENGTH) || '') })}
            >
              {titles.previous}
            </Button>
            <span className="quiet small">
              {titles.page(
                formats.number(Math.min(offset + 1, total)),
                formats.number(Math.min(offset + PAGE_LENGTH, total)),
                formats.number(total),
              )}
            </span>
            <Button
              className="button"
              isDisabled={offset + PAGE_LENGTH >= total}
              onPress={() => change({ offset: String(offset + PAGE_LENGTH) })}
            >
              {titles.next}
            </Button>
          </div>
        </div>
      )}
    </Panel>
  )
}

export function TitleInspectorPage() {
  const { id = '' } = useParams()
  const messages = useMessages()
  const result = useApi('getProgram', { path: { id } })
  const name = result.data === undefined ? id : nameOf(result.data, messages)
  usePageTitle(name)
  return (
    <>
      <h1>{name}</h1>
      <Loaded result={result} lines={8}>
        {(title) => <Inspector title={title} />}
      </Loaded>
    </>
  )
}

function Inspector({ title }: { readonly title: Program }) {
  const messages = useMessages()
  const { titles, title: words } = messages
  const formats = useFormats()
  const latest = useApi('getLatestModel', {})
  const similar = useApi('getSimilar', { path: { id: title.program_id }, query: { k: 20 } })
  const name = nameOf(title, messages)
  return (
    <>
      <Section title={titles.audience}>
        <div className="inspected">
          <Poster id={title.program_id} name={name} genre={title.genre} />
          <Facts
            facts={[
              { name: titles.viewers, value: formats.number(title.viewers) },
              latest.data === undefined
                ? undefined
                : { name: titles.share, value: formats.percent(title.viewers / Math.max(1, latest.data.users), 1) },
              { name: titles.genre, value: title.genre ?? messages.common.unknown },
              { name: words.category, value: title.category ?? messages.common.unknown },
              { name: titles.ageLimit, value: ageText(title.age_limit, messages) },
              { name: titles.released, value: title.release_date ?? messages.common.unknown },
              {
                name: titles.recommendable,
                value: <Badge tone={title.recommendable ? 'good' : 'bad'}>{title.recommendable ? titles.yes : titles.no}</Badge>,
              },
              { name: 'program_id', value: <code>{title.program_id}</code> },
            ]}
          />
        </div>
      </Section>
      <Panel
        title={titles.neighbours}
        text={
          <>
            {titles.neighboursText} {similar.data === undefined ? '' : titles.by[similar.data.by]}
          </>
        }
        result={similar}
        lines={8}
        empty={{ when: ({ items }) => items.length === 0, text: words.similarEmpty }}
      >
        {({ items }) => (
          <DataTable
            caption={titles.neighbours}
            rows={items}
            rowKey={({ program_id: key }) => key}
            sorted={{ column: 'likeness', descending: true }}
            columns={[
              {
                id: 'name',
                header: titles.find,
                wordy: true,
                value: (one) => nameOf(one, messages),
                cell: (one) => <Link to={`/operator/titles/${encodeURIComponent(one.program_id)}`}>{nameOf(one, messages)}</Link>,
              },
              { id: 'genre', header: titles.genre, value: ({ genre }) => genre },
              { id: 'age', header: titles.ageLimit, value: (one) => one.age_limit, cell: (one) => ageText(one.age_limit, messages) },
              {
                id: 'likeness',
                header: titles.likeness,
                numeric: true,
                value: ({ score }) => score,
                cell: ({ score }) => formats.figure(score),
              },
            ]}
          />
        )}
      </Panel>
    </>
  )
}
