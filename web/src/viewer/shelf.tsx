/** Rows of titles that scroll sideways: by wheel, touch, keyboard, and two buttons for the mouse. */
import { useEffect, useId, useRef, useState } from 'react'
import { useMessages } from '../i18n/language.tsx'
import { afterPaint, usePainted } from './after-paint.ts'
import { TitleCard, type CardTitle } from './title-card.tsx'

interface Row {
  readonly heading: string
  readonly titles: readonly CardTitle[]
}

/** How many rows and cards the window shows at most, by the measures of styles/viewer.css. */
function inWindow(): { readonly rows: number; readonly cards: number } {
  const card = Math.min(184, Math.max(124, window.innerWidth * 0.115))
  return { rows: Math.ceil(window.innerHeight / (card * 1.5 + 110)), cards: Math.ceil(window.innerWidth / (card + 16)) }
}

/** What the window shows is rendered first; the rest follows when that is painted, so that nobody waits for what they cannot see. */
export function Shelves({ rows }: { readonly rows: readonly (Row & { readonly id: string })[] }) {
  const painted = usePainted()
  const [inView] = useState(inWindow)
  useEffect(
    // For whoever measures: from the end of the answer to `rows-shown`, it is the page's own time.
    () => afterPaint(() => performance.mark(painted ? 'rows-complete' : 'rows-shown')),
    [painted],
  )
  return rows.map(({ id, heading, titles }, place) => (
    <Shelf key={id} heading={heading} titles={titles} shown={painted ? titles.length : place < inView.rows ? inView.cards : 0} />
  ))
}

function Shelf({ heading, titles, shown }: Row & { readonly shown: number }) {
  const id = useId()
  const { home } = useMessages()
  const list = useRef<HTMLUListElement>(null)
  const [ends, setEnds] = useState({ start: true, end: shown === titles.length })
  useEffect(() => {
    const element = list.current
    if (element === null) return undefined
    const look = () => {
      const start = element.scrollLeft < 4
      const end = element.scrollLeft + element.clientWidth > element.scrollWidth - 4
      // Mostly nothing has changed, and then nothing is rendered again.
      setEnds((before) => (before.start === start && before.end === end ? before : { start, end }))
    }
    const observer = new ResizeObserver(look)
    observer.observe(element)
    element.addEventListener('scroll', look, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [])
  const atEnd = ends.end && shown === titles.length
  const turn = (direction: -1 | 1) => list.current?.scrollBy({ left: direction * list.current.clientWidth * 0.85 })
  return (
    <section className="shelf" aria-labelledby={id}>
      <div className="shelf-head">
        <h2 id={id}>{heading}</h2>
        {ends.start && atEnd ? null : (
          <div className="shelf-turn">
            <button
              type="button"
              className="button plain icon-button"
              aria-label={home.previous(heading)}
              disabled={ends.start}
              onClick={() => turn(-1)}
            >
              <Arrow turned />
            </button>
            <button
              type="button"
              className="button plain icon-button"
              aria-label={home.next(heading)}
              disabled={atEnd}
              onClick={() => turn(1)}
            >
              <Arrow />
            </button>
          </div>
        )}
      </div>
      <ul className="shelf-list" ref={list} aria-busy={shown < titles.length}>
        {titles.slice(0, shown).map((title) => (
          <li key={title.program_id}>
            <TitleCard title={title} />
          </li>
        ))}
      </ul>
    </section>
  )
}

function Arrow({ turned = false }: { readonly turned?: boolean }) {
  return (
    <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true" fill="none" stroke="currentColor" strokeWidth="2">
      <path d={turned ? 'M12.5 4 6.5 10l6 6' : 'm7.5 4 6 6-6 6'} strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  )
}

export function ShelfPlaceholder({ count = 3 }: { readonly count?: number }) {
  const { common } = useMessages()
  return (
    <div role="status" aria-label={common.loading}>
      {Array.from({ length: count }, (_, row) => (
        <div key={row} className="shelf" aria-hidden="true">
          <span className="placeholder-line shelf-placeholder-head" />
          <div className="shelf-list">
            {Array.from({ length: 9 }, (_one, place) => (
              <span key={place} className="card placeholder-card" />
            ))}
          </div>
        </div>
      ))}
    </div>
  )
}
