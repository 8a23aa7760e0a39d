/** A chart with its title, its unit, and the same figures as a table behind it. */
import { lazy, Suspense, useId, useState, type ReactNode } from 'react'
import { Button } from 'react-aria-components'
import { useMessages } from '../i18n/language.tsx'

export const Lines = lazy(async () => ({ default: (await import('../charts/charts.tsx')).Lines }))
export const Bars = lazy(async () => ({ default: (await import('../charts/charts.tsx')).Bars }))
export const Points = lazy(async () => ({ default: (await import('../charts/charts.tsx')).Points }))

interface FigureProps {
  readonly title: string
  /** What the figures are counted in. */
  readonly unit?: string
  readonly table: ReactNode
  /** Pixels that the chart takes, so that nothing jumps while it loads. */
  readonly height: number
  readonly children: ReactNode
}

export function Figure({ title, unit, table, height, children }: FigureProps) {
  const { common } = useMessages()
  const [tableShown, setTableShown] = useState(false)
  const id = useId()
  return (
    <figure className="figure" aria-labelledby={id}>
      <figcaption className="figure-head">
        <span id={id}>
          <strong>{title}</strong>
          {unit === undefined ? null : <span className="quiet"> · {unit}</span>}
        </span>
        <Button
          className="button plain figure-switch"
          aria-pressed={tableShown}
          aria-label={`${common.table}: ${title}`}
          onPress={() => setTableShown(!tableShown)}
        >
          {common.table}
        </Button>
      </figcaption>
      {tableShown ? (
        table
      ) : (
        <Suspense fallback={<div className="placeholder-card figure-placeholder" style={{ blockSize: height }} />}>{children}</Suspense>
      )}
    </figure>
  )
}
