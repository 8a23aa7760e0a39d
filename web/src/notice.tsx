/** One short message at the foot of the window, read out by screen readers, gone after a while. */
import { createContext, useCallback, useContext, useEffect, useState, type ReactNode } from 'react'

const SHOWN_MS = 5000

const NoticeContext = createContext<(text: string) => void>(() => {})

export function NoticeProvider({ children }: { readonly children: ReactNode }) {
  const [notice, setNotice] = useState<{ readonly text: string; readonly number: number }>({ text: '', number: 0 })
  const say = useCallback((text: string) => setNotice(({ number }) => ({ text, number: number + 1 })), [])
  useEffect(() => {
    if (notice.text === '') return undefined
    const timer = setTimeout(() => setNotice({ text: '', number: notice.number }), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [notice])
  return (
    <NoticeContext value={say}>
      {children}
      <output className="toast" aria-live="polite" data-shown={notice.text !== ''}>
        {notice.text}
      </output>
    </NoticeContext>
  )
}

export const useNotice = (): ((text: string) => void) => useContext(NoticeContext)
