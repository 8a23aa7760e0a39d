/** Who is watching: kept on this device, never in an address. */
import { createContext, useContext, useMemo, useState, type ReactNode } from 'react'
import { useMessages } from '../i18n/language.tsx'
import { seededRandom } from '../components/seeded-random.ts'
import { readSetting, writeSetting } from '../settings.ts'

export interface Profile {
  /** `subsr_id`. Of someone new: one that no source table has. */
  readonly user: string
  readonly guest: boolean
}

interface Profiles {
  readonly profile: Profile
  /** Chosen before on this device, the newest first. */
  readonly recent: readonly Profile[]
  readonly choose: (profile: Profile) => void
  /** The greatest age limit that is shown; undefined: all. */
  readonly maxAge: number | undefined
  readonly setKids: (on: boolean) => void
}

export const KIDS_AGE = 12
const RECENT = 6

const ProfileContext = createContext<Profiles | undefined>(undefined)

const isProfile = (value: unknown): value is Profile =>
  typeof value === 'object' &&
  value !== null &&
  'user' in value &&
  typeof value.user === 'string' &&
  'guest' in value &&
  typeof value.guest === 'boolean'

export const newGuest = (): Profile => ({ user: `guest-${crypto.getRandomValues(new Uint32Array(1))[0]?.toString(36)}`, guest: true })

function keptProfile(): Profile {
  const kept = readSetting('profile')
  if (isProfile(kept)) return kept
  const guest = newGuest()
  writeSetting('profile', guest)
  return guest
}

function keptRecent(): readonly Profile[] {
  const kept = readSetting('recent-profiles')
  return Array.isArray(kept) ? kept.filter(isProfile).slice(0, RECENT) : []
}

export function ProfileProvider({ children }: { readonly children: ReactNode }) {
  const [profile, setProfile] = useState(keptProfile)
  const [recent, setRecent] = useState(keptRecent)
  const [kids, setKids] = useState(() => readSetting('kids') === true)
  const profiles = useMemo<Profiles>(
    () => ({
      profile,
      recent,
      choose: (chosen) => {
        const others = [chosen, ...recent.filter(({ user }) => user !== chosen.user)].slice(0, RECENT)
        setProfile(chosen)
        setRecent(others)
        writeSetting('profile', chosen)
        writeSetting('recent-profiles', others)
      },
      maxAge: kids ? KIDS_AGE : undefined,
      setKids: (on) => {
        setKids(on)
        writeSetting('kids', on ? true : undefined)
      },
    }),
    [profile, recent, kids],
  )
  return <ProfileContext value={profiles}>{children}</ProfileContext>
}

export function useProfile(): Profiles {
  const profiles = useContext(ProfileContext)
  if (profiles === undefined) throw new Error('useProfile outside of ProfileProvider')
  return profiles
}

export function useProfileName(profile: Profile): string {
  const { profiles } = useMessages()
  return profile.guest ? profiles.guest : profiles.subscriber(profile.user)
}

/** A disc with two colours of the id. */
export function Avatar({ profile, small = false }: { readonly profile: Profile; readonly small?: boolean }) {
  const hue = Math.floor(seededRandom(profile.user)() * 360)
  return (
    <svg className={small ? 'avatar small' : 'avatar'} viewBox="0 0 48 48" aria-hidden="true">
      <circle cx="24" cy="24" r="24" fill={`oklch(0.55 0.13 ${hue})`} />
      <circle cx="24" cy="19" r="8.5" fill={`oklch(0.9 0.06 ${hue + 40})`} />
      <path d="M8.5 42a16.5 16.5 0 0 1 31 0A24 24 0 0 1 24 48 24 24 0 0 1 8.5 42Z" fill={`oklch(0.9 0.06 ${hue + 40})`} />
    </svg>
  )
}
