import type { ReactNode } from 'react'

export interface Fact {
  readonly name: string
  readonly value: ReactNode
  readonly note?: ReactNode
}

/** Names and values side by side. */
export function Facts({ facts }: { readonly facts: readonly (Fact | undefined)[] }) {
  return (
    <dl className="fact-list">
      {facts.map((fact) =>
        fact === undefined ? null : (
          <div key={fact.name}>
            <dt>{fact.name}</dt>
            <dd>{fact.value}</dd>
            {fact.note === undefined ? null : <dd className="quiet small">{fact.note}</dd>}
          </div>
        ),
      )}
    </dl>
  )
}

type Tone = 'good' | 'bad' | 'warn' | 'plain'

export function Badge({ tone = 'plain', children }: { readonly tone?: Tone; readonly children: ReactNode }) {
  return <span className={`badge ${tone}`}>{children}</span>
}
