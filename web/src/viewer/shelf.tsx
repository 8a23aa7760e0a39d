/** A row of titles that scrolls sideways: by wheel, touch, keyboard, and two buttons for the mouse. */
import { useEffect, useId, useRef, useState, type ReactNode } from 'react'
import { Button } from 'react-aria-components'
import { useMessages } from '../i18n/language.tsx'

export function Shelf({ heading, note, children }: { readonly heading: string; readonly note?: ReactNode; readonly children: ReactNode }) {
  const id = useId()
  const { home } = useMessages()
  const list = useRef<HTMLUListElement>(null)
  const [ends, setEnds] = useState({ start: true, end: true })
  useEffect(() => {
    const element = list.current
    if (element === null) return undefined
    const look = () =>
      setEnds({
        start: element.scrollLeft < 4,
        end: element.scrollLeft + element.clientWidth > element.scrollWidth - 4,
      })
    const observer = new ResizeObserver(look)
    observer.observe(element)
    element.addEventListener('scroll', look, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [])
  const turn = (direction: -1 | 1) => list.current?.scrollBy({ left: direction * list.current.clientWidth * 0.85 })
  return (
    <section className="shelf" aria-labelledby={id}>
      <div className="shelf-head">
        <h2 id={id}>{heading}</h2>
        {note}
        {ends.start && ends.end ? null : (
          <div className="shelf-turn">
            <Button
              className="button plain icon-button"
              aria-label={home.previous(heading)}
              isDisabled={ends.start}
              onPress={() => turn(-1)}
            >
              <Arrow turned />
            </Button>
            <Button className="button plain icon-button" aria-label={home.next(heading)} isDisabled={ends.end} onPress={() => turn(1)}>
              <Arrow />
            </Button>
          </div>
        )}
      </div>
      <ul className="shelf-list" ref={list}>
        {children}
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
