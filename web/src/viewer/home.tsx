/** The home page: rows of titles for one profile. */
import { Switch } from 'react-aria-components'
import { useApi } from '../api/use-api.ts'
import { Failure } from '../components/panel.tsx'
import { useMessages } from '../i18n/language.tsx'
import { usePageTitle } from '../page-title.ts'
import { KIDS_AGE, useProfile, useProfileName } from './profile.tsx'
import { rowHeading, type HomeRow } from './rows.ts'
import { Shelf, ShelfPlaceholder } from './shelf.tsx'
import { TitleCard } from './title-card.tsx'

export function HomePage() {
  const messages = useMessages()
  const { profile, maxAge } = useProfile()
  const name = useProfileName(profile)
  usePageTitle(messages.home.title)
  const query = maxAge === undefined ? {} : { max_age: maxAge }
  const personal = useApi('getRecommendations', { path: { id: profile.user }, query: { k: 30, ...query } }, { keep: true })
  const popular = useApi('getPopular', { query: { k: 30, ...query } }, { keep: true })
  const rows: HomeRow[] = []
  if (personal.data?.source === 'personal') rows.push({ kind: 'for_you', items: personal.data.items })
  if (popular.data !== undefined) rows.push({ kind: 'popular', items: popular.data.items })
  return (
    <div className="page home">
      <header className="home-head">
        <h1>{messages.home.heading(name)}</h1>
        <KidsSwitch />
      </header>
      {personal.isPending ? <ShelfPlaceholder /> : null}
      {personal.isError ? <Failure error={personal.error} retry={() => void personal.refetch()} /> : null}
      {rows.map((row) => (
        <Shelf key={`${row.kind}${row.genre ?? ''}`} heading={rowHeading(row, messages)}>
          {row.items.map((title) => (
            <li key={title.program_id}>
              <TitleCard title={title} />
            </li>
          ))}
        </Shelf>
      ))}
      {personal.data === undefined ? null : (
        <p className="quiet small home-model">{messages.home.model(personal.data.model, personal.data.week)}</p>
      )}
    </div>
  )
}

function KidsSwitch() {
  const { home } = useMessages()
  const { maxAge, setKids } = useProfile()
  return (
    <Switch className="switch" isSelected={maxAge !== undefined} onChange={setKids}>
      <span className="switch-track" aria-hidden="true">
        <span className="switch-thumb" />
      </span>
      <span>
        {home.kids}
        {maxAge === undefined ? null : <span className="quiet"> · {home.kidsOn(String(KIDS_AGE))}</span>}
      </span>
    </Switch>
  )
}
