/** Header and navigation around every page. */
import { useState, type ReactNode } from 'react'
import { Button, Dialog, DialogTrigger, Popover } from 'react-aria-components'
import { Link, NavLink } from 'react-router'
import { Choice } from './components/choice.tsx'
import { isLanguage, languages, useMessages, useSpeech } from './i18n/language.tsx'
import { useMutation } from '@tanstack/react-query'
import { call } from './api/client.ts'
import { queryClient } from './api/use-api.ts'
import { useSession } from './session.tsx'
import { chooseTheme, keptTheme, themes } from './theme.ts'
import { Avatar, useProfile, useProfileName } from './viewer/profile.tsx'

export function Shell({ children }: { readonly children: ReactNode }) {
  const { messages } = useSpeech()
  const session = useSession()
  return (
    <>
      <a className="skip" href="#content">
        {messages.nav.skip}
      </a>
      <header className="shell-head">
        <Link className="brand" to="/">
          Matinee
        </Link>
        <nav className="shell-nav" aria-label={messages.nav.main}>
          <NavLink to="/" end>
            {messages.nav.home}
          </NavLink>
          <NavLink to="/questionnaire">{messages.nav.questionnaire}</NavLink>
          {session === undefined ? null : <NavLink to="/operator">{messages.nav.operator}</NavLink>}
        </nav>
        <div className="shell-tools">
          {session === undefined ? null : <ProfileLink />}
          <Settings />
        </div>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </>
  )
}

function ProfileLink() {
  const { messages } = useSpeech()
  const { profile } = useProfile()
  const name = useProfileName(profile)
  return (
    <Link className="profile-link" to="/profiles" aria-label={`${messages.nav.switchProfile}: ${name}`} title={messages.nav.switchProfile}>
      <Avatar profile={profile} small />
      <span className="profile-link-name">{name}</span>
    </Link>
  )
}

function Settings() {
  const { messages, language, choose } = useSpeech()
  const [theme, setTheme] = useState(keptTheme)
  return (
    <DialogTrigger>
      <Button className="button plain icon-button" aria-label={messages.nav.settings}>
        <svg viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="1.8">
          <path strokeLinecap="round" d="M4 7h9m5 0h2M4 17h2m5 0h9" />
          <circle cx="15.5" cy="7" r="2.4" />
          <circle cx="8.5" cy="17" r="2.4" />
        </svg>
      </Button>
      <Popover className="popover settings" placement="bottom end">
        <Dialog aria-label={messages.nav.settings} className="stack">
          <Choice
            label={messages.language.choose}
            value={language}
            options={Object.entries(languages).flatMap(([value, { language: own }]) =>
              isLanguage(value) ? [{ value, text: own.name }] : [],
            )}
            onChange={choose}
          />
          <Choice
            label={messages.theme.choose}
            value={theme}
            options={themes.map((value) => ({ value, text: messages.theme[value] }))}
            onChange={(chosen) => {
              chooseTheme(chosen)
              setTheme(chosen)
            }}
          />
          <SignOut />
        </Dialog>
      </Popover>
    </DialogTrigger>
  )
}

/** Only where there is a session to end: without keys nobody signs in. */
function SignOut() {
  const { nav } = useMessages()
  const session = useSession()
  const end = useMutation({ mutationFn: () => call('closeSession', {}), onSettled: () => queryClient.resetQueries() })
  if (session?.expires_at === undefined || session.expires_at === null) return null
  return (
    <>
      <p className="quiet small">
        {session.name} · {session.role}
      </p>
      <Button className="button" onPress={() => end.mutate()}>
        {nav.signOut}
      </Button>
    </>
  )
}
