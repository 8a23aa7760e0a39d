/** The home page: rows of titles for one profile. */
import { Switch } from 'react-aria-components'
import { useApi } from '../api/use-api.ts'
import { Loaded } from '../components/panel.tsx'
import { useMessages } from '../i18n/language.tsx'
import { usePageTitle } from '../page-title.ts'
import { KIDS_AGE, useProfile, useProfileName } from './profile.tsx'
import { rowHeading } from './rows.ts'
import { Shelves, ShelfPlaceholder } from './shelf.tsx'

const TITLES_OF_A_ROW = 20

export function HomePage() {
  const messages = useMessages()
  const { profile, maxAge } = useProfile()
  const name = useProfileName(profile)
  usePageTitle(messages.home.title)
  const result = useApi('getRows', {
    path: { id: profile.user },
    query: { k: TITLES_OF_A_ROW, ...(maxAge === undefined ? {} : { max_age: maxAge }) },
  })
  return (
    <div className="page home">
      <header className="home-head">
        <h1>{profile.guest ? messages.home.forGuest : messages.home.heading(name)}</h1>
        <KidsSwitch />
      </header>
      <Loaded
        result={result}
        placeholder={<ShelfPlaceholder />}
        empty={{ when: ({ rows }) => rows.length === 0, text: maxAge === undefined ? messages.home.emptyText : messages.home.emptyKids }}
      >
        {({ rows, source, model, week }) => (
          <>
            <Shelves
              rows={rows.map((row) => ({
                id: `${row.kind} ${row.genre ?? ''}`,
                heading: rowHeading(row, source === 'personal', messages),
                titles: row.items,
              }))}
            />
            <p className="quiet small home-model">{messages.home.model(model, week)}</p>
          </>
        )}
      </Loaded>
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
