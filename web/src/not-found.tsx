import { Link } from 'react-router'
import { useMessages } from './i18n/language.tsx'
import { usePageTitle } from './page-title.ts'

export function NotFound() {
  const { common } = useMessages()
  usePageTitle(common.notFoundTitle)
  return (
    <div className="page narrow">
      <h1>{common.notFoundTitle}</h1>
      <p className="quiet">{common.notFoundText}</p>
      <Link className="button" to="/">
        {common.backHome}
      </Link>
    </div>
  )
}
