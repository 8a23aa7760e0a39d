import { useSpeech } from '../i18n/language.tsx'

/** What the server says in English: as it is in English, and at hand in every other language, whose own words stand before it. */
export function ServerWords({ text }: { readonly text: string }) {
  const { language, messages } = useSpeech()
  if (language === 'en') return <p>{text}</p>
  return (
    <details>
      <summary>{messages.problem.original}</summary>
      <p lang="en">{text}</p>
    </details>
  )
}
