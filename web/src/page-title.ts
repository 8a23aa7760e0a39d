import { useEffect } from 'react'

/** Names the page in the browser's tab and history, and to screen readers. */
export function usePageTitle(title: string | undefined): void {
  useEffect(() => {
    document.title = title === undefined ? 'Matinee' : `${title} · Matinee`
  }, [title])
}
