/** One title: what it is, and what is like it. */
import { useParams } from 'react-router'
import { useApi } from '../api/use-api.ts'
import { Loaded } from '../components/panel.tsx'
import { Poster } from '../components/poster.tsx'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { usePageTitle } from '../page-title.ts'
import { ageText, nameOf } from './words.ts'

export function TitlePage() {
  const { id = '' } = useParams()
  const messages = useMessages()
  const formats = useFormats()
  const result = useApi('getProgram', { path: { id } })
  usePageTitle(result.data === undefined ? undefined : nameOf(result.data, messages))
  return (
    <div className="page">
      <Loaded result={result} lines={6}>
        {(title) => (
          <div className="title-head">
            <Poster id={title.program_id} name={nameOf(title, messages)} genre={title.genre} />
            <div className="title-text">
              <h1>{nameOf(title, messages)}</h1>
              <ul className="facts">
                {[title.genre, title.category, ageText(title.age_limit, messages)]
                  .filter((fact) => fact !== null)
                  .map((fact) => (
                    <li key={fact}>{fact}</li>
                  ))}
              </ul>
              <p className="quiet">{messages.title.viewersCount(formats.number(title.viewers))}</p>
            </div>
          </div>
        )}
      </Loaded>
    </div>
  )
}
