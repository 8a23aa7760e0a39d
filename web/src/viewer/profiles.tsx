/** Who is watching? */
import { useState } from 'react'
import { Button, Input, Label, TextField } from 'react-aria-components'
import { useNavigate } from 'react-router'
import { useApi } from '../api/use-api.ts'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { usePageTitle } from '../page-title.ts'
import { useSession } from '../session.tsx'
import { Avatar, newGuest, useProfile, useProfileName, type Profile } from './profile.tsx'

export function ProfilesPage() {
  const { profiles } = useMessages()
  const { profile, recent, choose } = useProfile()
  const navigate = useNavigate()
  const [id, setId] = useState('')
  usePageTitle(profiles.title)
  const open = (chosen: Profile) => {
    choose(chosen)
    void navigate('/')
  }
  const guest = profile.guest ? profile : newGuest()
  const session = useSession()
  const known = recent.filter((one) => !one.guest)
  return (
    <div className="page narrow">
      <h1>{profiles.title}</h1>
      <p className="quiet">{profiles.text}</p>
      <form
        className="row-form"
        onSubmit={(event) => {
          event.preventDefault()
          if (id.trim() !== '') open({ user: id.trim(), guest: false })
        }}
      >
        <TextField value={id} onChange={setId} className="field">
          <Label className="field-label">{profiles.byNumber}</Label>
          <Input className="input" inputMode="text" autoComplete="off" maxLength={256} />
        </TextField>
        <Button className="button primary" type="submit" isDisabled={id.trim() === ''}>
          {profiles.open}
        </Button>
      </form>
      <ul className="profile-list">
        <li>
          <ProfileButton profile={guest} text={profiles.guestText} onPress={() => open(guest)} />
        </li>
        {known.map((one) => (
          <li key={one.user}>
            <KnownProfile profile={one} onPress={() => open(one)} />
          </li>
        ))}
      </ul>
      {session?.role === 'admin' ? <Examples known={known} open={open} /> : null}
    </div>
  )
}

/** Some whom the model knows: only for whoever may see who there is. */
function Examples({ known, open }: { readonly known: readonly Profile[]; readonly open: (profile: Profile) => void }) {
  const { profiles } = useMessages()
  const formats = useFormats()
  const { data } = useApi('listUsers', { query: { limit: 12 } })
  const others = (data?.items ?? []).filter(({ user }) => known.every((one) => one.user !== user))
  if (others.length === 0) return null
  return (
    <>
      <h2>{profiles.example}</h2>
      <ul className="profile-list">
        {others.map(({ user, watched }) => (
          <li key={user}>
            <ProfileButton
              profile={{ user, guest: false }}
              text={profiles.watched(formats.number(watched))}
              onPress={() => open({ user, guest: false })}
            />
          </li>
        ))}
      </ul>
    </>
  )
}

function KnownProfile({ profile, onPress }: { readonly profile: Profile; readonly onPress: () => void }) {
  const { profiles } = useMessages()
  const formats = useFormats()
  const { data } = useApi('getHistory', { path: { id: profile.user } })
  return (
    <ProfileButton
      profile={profile}
      text={data === undefined ? ' ' : data.known ? profiles.watched(formats.number(data.items.length)) : profiles.guestText}
      onPress={onPress}
    />
  )
}

function ProfileButton({ profile, text, onPress }: { readonly profile: Profile; readonly text: string; readonly onPress: () => void }) {
  return (
    <Button className="profile-card" onPress={onPress}>
      <Avatar profile={profile} />
      <span className="profile-card-name">{useProfileName(profile)}</span>
      <span className="quiet small">{text}</span>
    </Button>
  )
}
