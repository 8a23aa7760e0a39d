/** The language of the app and the theme: chosen once, kept on this device; before that, as the browser is set. */
import { createContext, useContext, useEffect, useMemo, useState, type ReactNode } from 'react'
import { I18nProvider } from 'react-aria-components'
import { en, type Messages } from './en.ts'
import { makeFormats, type Formats } from './formats.ts'
import { ko } from './ko.ts'
import { readSetting, writeSetting } from '../settings.ts'

export const languages = { ko, en } as const
export type Language = keyof typeof languages
export const isLanguage = (value: unknown): value is Language => value === 'ko' || value === 'en'

interface Speech {
  readonly language: Language
  readonly messages: Messages
  readonly formats: Formats
  readonly choose: (language: Language) => void
}

const SpeechContext = createContext<Speech | undefined>(undefined)

const fromBrowser = (): Language => (navigator.languages.some((language) => language.startsWith('ko')) ? 'ko' : 'en')

export function LanguageProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState<Language>(() => {
    const kept = readSetting('language')
    return isLanguage(kept) ? kept : fromBrowser()
  })
  useEffect(() => {
    document.documentElement.lang = language
  }, [language])
  const speech = useMemo<Speech>(
    () => ({
      language,
      messages: languages[language],
      formats: makeFormats(language),
      choose: (chosen) => {
        writeSetting('language', chosen)
        setLanguage(chosen)
      },
    }),
    [language],
  )
  return (
    <SpeechContext value={speech}>
      <I18nProvider locale={language === 'ko' ? 'ko-KR' : 'en-US'}>{children}</I18nProvider>
    </SpeechContext>
  )
}

export function useSpeech(): Speech {
  const speech = useContext(SpeechContext)
  if (speech === undefined) throw new Error('useSpeech outside of LanguageProvider')
  return speech
}

export const useMessages = (): Messages => useSpeech().messages
export const useFormats = (): Formats => useSpeech().formats
