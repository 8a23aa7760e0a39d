/** One subscriber: what they watched, beside what each of two models recommends, and what the filters took away. */
import { useState } from 'react'
import { Button, Input, Label, Switch, TextField } from 'react-aria-components'
import { Link, useNavigate, useParams } from 'react-router'
import type { Recommendation } from '../../../client/schema.ts'
import { useApi, type ApiResult } from '../api/use-api.ts'
import { Choice } from '../components/choice.tsx'
import { DataTable, type Column } from '../components/data-table.tsx'
import { Badge } from '../components/facts.tsx'
import { Loaded, Panel } from '../components/panel.tsx'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { usePageTitle } from '../page-title.ts'
import { reasonText } from '../viewer/reasons.ts'
import { ageText, nameOf } from '../viewer/words.ts'
import { useAddressed } from './use-addressed.ts'

const LIST_LENGTH = 20
/** So many places are looked through for what the filters took away. */
const LOOKED_THROUGH = 100
const ages = ['', '7', '12', '15', '18'] as const

export function UsersPage() {
  const { user } = useParams()
  const { users, profiles } = useMessages()
  const title = user === undefined ? users.title : profiles.subscriber(user)
  usePageTitle(title)
  return (
    <>
      <h1>{title}</h1>
      <FindUser key={user} user={user} />
      {user === undefined ? <p className="empty">{users.start}</p> : <User key={user} user={user} />}
    </>
  )
}

function FindUser({ user }: { readonly user: string | undefined }) {
  const { users } = useMessages()
  const [id, setId] = useState(user ?? '')
  const navigate = useNavigate()
  return (
    <form
      className="row-form"
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        if (id.trim() !== '') void navigate(`/operator/users/${encodeURIComponent(id.trim())}`)
      }}
    >
      <TextField className="field" value={id} onChange={setId} maxLength={256}>
        <Label className="field-label">{users.find}</Label>
        <Input className="input" autoComplete="off" />
      </TextField>
      <Button className="button primary" type="submit">
        {users.show}
      </Button>
    </form>
  )
}

interface Filters {
  readonly maxAge: string
  readonly excludeSeen: boolean
}

const queryOf = ({ maxAge, excludeSeen }: Filters, model: string | undefined, k: number) => ({
  k,
  exclude_seen: excludeSeen,
  ...(maxAge === '' ? {} : { max_age: Number(maxAge) }),
  ...(model === undefined ? {} : { model }),
})

function User({ user }: { readonly user: string }) {
  const { users } = useMessages()
  const models = useApi('listModels', {})
  const [maxAge, setMaxAge] = useAddressed('max_age', ages, '')
  const [seen, setSeen] = useAddressed('seen', ['out', 'in'], 'out')
  const filters: Filters = { maxAge, excludeSeen: seen === 'out' }
  const versions = models.data?.items.map(({ version }) => version) ?? []
  const serving = models.data?.items.find((model) => model.serving)?.version ?? versions[0]
  const [first, setFirst] = useAddressed('first', versions, serving ?? '')
  const [second, setSecond] = useAddressed('second', versions, versions.find((version) => version !== first) ?? '')
  const options = versions.map((version) => ({ value: version, text: version }))
  return (
    <>
      <div className="filters">
        <Choice
          label={users.maxAge}
          value={maxAge}
          options={ages.map((value) => ({ value, text: value === '' ? users.anyAge : value }))}
          onChange={setMaxAge}
        />
        <Switch className="switch" isSelected={filters.excludeSeen} onChange={(on) => setSeen(on ? 'out' : 'in')}>
          <span className="switch-track" aria-hidden="true">
            <span className="switch-thumb" />
          </span>
          {users.seenOff}
        </Switch>
        {first === '' ? null : <Choice label={users.first} value={first} options={options} onChange={setFirst} />}
        {second === '' ? null : <Choice label={users.second} value={second} options={options} onChange={setSecond} />}
      </div>
      <div className="columns compared">
        <Watched user={user} />
        <Loaded result={models} lines={8}>
          {() => (
            <>
              {first === '' ? null : <List user={user} version={first} other={second === '' ? undefined : second} filters={filters} />}
              {second === '' ? null : <List user={user} version={second} other={first} filters={filters} />}
            </>
          )}
        </Loaded>
      </div>
      {first === '' ? null : <TakenAway user={user} version={first} filters={filters} />}
    </>
  )
}

function Watched({ user }: { readonly user: string }) {
  const messages = useMessages()
  const { users } = messages
  const result = useApi('getHistory', { path: { id: user } })
  return (
    <Panel
      title={users.history}
      text={users.historyText}
      result={result}
      lines={8}
      empty={{ when: ({ items }) => items.length === 0, text: result.data?.known === false ? users.unknown : users.historyEmpty }}
    >
      {({ items }) => (
        <DataTable
          caption={users.history}
          rows={items}
          rowKey={({ program_id: id }) => id}
          columns={[
            {
              id: 'name',
              header: users.name,
              wordy: true,
              value: (title) => nameOf(title, messages),
              cell: (title) => (
                <>
                  <TitleLink title={title} /> {title.from === 'events' ? <Badge tone="warn">{users.fromEvents}</Badge> : null}
                </>
              ),
            },
            { id: 'genre', header: users.genre, value: ({ genre }) => genre },
          ]}
        />
      )}
    </Panel>
  )
}

function TitleLink({ title }: { readonly title: { readonly program_id: string; readonly program_name: string | null } }) {
  const messages = useMessages()
  return <Link to={`/operator/titles/${encodeURIComponent(title.program_id)}`}>{nameOf(title, messages)}</Link>
}

interface ListProps {
  readonly user: string
  readonly version: string
  readonly other: string | undefined
  readonly filters: Filters
}

interface Placed extends Recommendation {
  readonly place: number
}

const placed = (items: readonly Recommendation[]): readonly Placed[] => items.map((item, index) => ({ ...item, place: index + 1 }))

function List({ user, version, other, filters }: ListProps) {
  const messages = useMessages()
  const { users } = messages
  const formats = useFormats()
  const result = useApi('getRecommendations', { path: { id: user }, query: queryOf(filters, version, LIST_LENGTH) })
  const otherResult = useApi(
    'getRecommendations',
    { path: { id: user }, query: queryOf(filters, other, LIST_LENGTH) },
    { enabled: other !== undefined },
  )
  const inOther = new Set(otherResult.data?.items.map(({ program_id: id }) => id))
  const columns: Column<Placed>[] = [
    { id: 'place', header: users.position, numeric: true, value: ({ place }) => place },
    {
      id: 'name',
      header: users.name,
      wordy: true,
      value: (title) => nameOf(title, messages),
      cell: (title) => (
        <>
          <TitleLink title={title} /> {other === undefined || inOther.has(title.program_id) ? null : <Badge>{users.onlyHere}</Badge>}
          <br />
          <span className="quiet small">
            {title.genre} · {reasonText(title, messages)}
          </span>
        </>
      ),
    },
    { id: 'score', header: users.score, numeric: true, value: ({ score }) => score, cell: ({ score }) => formats.figure(score) },
  ]
  return (
    <Panel
      title={users.recommends(version)}
      {...(result.data === undefined
        ? {}
        : {
            text:
              result.data.source === 'popular'
                ? users.popular
                : users.agreement(
                    formats.number(result.data.items.filter(({ program_id: id }) => inOther.has(id)).length),
                    formats.number(result.data.items.length),
                  ),
          })}
      result={result}
      lines={8}
    >
      {({ items }) => (
        <DataTable
          caption={users.recommends(version)}
          rows={placed(items)}
          rowKey={({ program_id: id }) => id}
          columns={columns}
          rowHeader="name"
        />
      )}
    </Panel>
  )
}

/** What would stand in the list without the filters. */
function TakenAway({ user, version, filters }: { readonly user: string; readonly version: string; readonly filters: Filters }) {
  const messages = useMessages()
  const { users } = messages
  const formats = useFormats()
  const kept = useApi('getRecommendations', { path: { id: user }, query: queryOf(filters, version, LOOKED_THROUGH) })
  const all = useApi('getRecommendations', { path: { id: user }, query: { k: LIST_LENGTH, exclude_seen: false, model: version } })
  const history = useApi('getHistory', { path: { id: user } })
  const needed: readonly ApiResult<unknown>[] = [kept, history]
  const left = new Set(kept.data?.items.map(({ program_id: id }) => id))
  const seen = new Set(history.data?.items.map(({ program_id: id }) => id))
  const takenBy = (title: Recommendation): string => {
    if (filters.maxAge !== '' && (title.age_limit === null || title.age_limit > Number(filters.maxAge))) return users.byAge
    return filters.excludeSeen && seen.has(title.program_id) ? users.bySeen : users.byOther
  }
  const taken = placed(all.data?.items ?? []).filter(({ program_id: id }) => !left.has(id))
  return (
    <Panel
      title={users.filtered}
      text={users.filteredText}
      // What is missing is known only when both lists are there, and why only with the history.
      result={needed.find(({ data }) => data === undefined) ?? all}
      empty={{ when: () => taken.length === 0, text: users.filteredNone }}
    >
      {() => (
        <DataTable
          caption={users.filtered}
          rows={taken}
          rowKey={({ program_id: id }) => id}
          rowHeader="name"
          columns={[
            { id: 'place', header: users.position, numeric: true, value: ({ place }) => place },
            {
              id: 'name',
              header: users.name,
              wordy: true,
              value: (title) => nameOf(title, messages),
              cell: (title) => <TitleLink title={title} />,
            },
            { id: 'genre', header: users.genre, value: ({ genre }) => genre },
            { id: 'by', header: users.takenBy, value: takenBy },
            { id: 'age', header: users.maxAge, value: (title) => title.age_limit, cell: (title) => ageText(title.age_limit, messages) },
            { id: 'score', header: users.score, numeric: true, value: ({ score }) => score, cell: ({ score }) => formats.figure(score) },
          ]}
        />
      )}
    </Panel>
  )
}
