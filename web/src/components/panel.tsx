/** One part of a page that loads by itself: a slow or failing one holds up no other. */
import { useId, useState, type ReactNode } from 'react'
import { Button } from 'react-aria-components'
import { ApiError } from '../api/client.ts'
import { isModelMissing, type ApiResult } from '../api/use-api.ts'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { ServerWords } from './server-words.tsx'
import { Unbroken } from './unbroken.tsx'

interface PanelProps<Data> {
  readonly title: string
  /** A sentence below the title. */
  readonly text?: ReactNode
  readonly actions?: ReactNode
  readonly result: ApiResult<Data>
  /** What stands there where the answer holds nothing. */
  readonly empty?: { readonly when: (data: Data) => boolean; readonly text: ReactNode }
  /** Height of the placeholder, in lines. */
  readonly lines?: number
  readonly className?: string
  readonly children: (data: Data) => ReactNode
}

export function Panel<Data>({ title, text, actions, result, empty, lines = 4, className = '', children }: PanelProps<Data>) {
  return (
    <Section title={title} text={text} actions={actions} className={className} busy={result.isPending}>
      <Loaded result={result} empty={empty} lines={lines}>
        {children}
      </Loaded>
    </Section>
  )
}

interface SectionProps {
  readonly title: string
  readonly text?: ReactNode
  readonly actions?: ReactNode
  readonly className?: string
  readonly busy?: boolean
  readonly children: ReactNode
}

export function Section({ title, text, actions, className = '', busy = false, children }: SectionProps) {
  const id = useId()
  return (
    <section className={`panel ${className}`} aria-labelledby={id} aria-busy={busy}>
      <header className="panel-head">
        <div>
          <h2 id={id}>
            <Unbroken text={title} />
          </h2>
          {text === undefined ? null : <p className="quiet">{text}</p>}
        </div>
        {actions === undefined ? null : <div className="panel-actions">{actions}</div>}
      </header>
      {children}
    </section>
  )
}

interface LoadedProps<Data> {
  readonly result: ApiResult<Data>
  readonly empty?: PanelProps<Data>['empty']
  readonly lines?: number
  readonly placeholder?: ReactNode
  readonly children: (data: Data) => ReactNode
}

/** What there is, while it loads, and where it fails. An answer that is there stays while a newer one cannot be had. */
export function Loaded<Data>({ result, empty, lines = 4, placeholder, children }: LoadedProps<Data>) {
  const failure = useFailure(result)
  if (result.data !== undefined) {
    if (empty?.when(result.data) === true) return <p className="empty">{empty.text}</p>
    return <>{children(result.data)}</>
  }
  if (failure !== undefined) return <Failure error={failure} retry={() => void result.refetch()} />
  return placeholder ?? <Placeholder lines={lines} />
}

/** Why there is no answer yet. It stays while it is asked again, so that nothing flickers. */
function useFailure({ data, error, isError }: ApiResult<unknown>): unknown {
  const [failure, setFailure] = useState<unknown>()
  if (isError && failure !== error) setFailure(error)
  if (data !== undefined && failure !== undefined) setFailure(undefined)
  return failure
}

export function Placeholder({ lines }: { readonly lines: number }) {
  const messages = useMessages()
  return (
    <div className="placeholder" role="status" aria-label={messages.common.loading}>
      {Array.from({ length: lines }, (_, line) => (
        <span key={line} className="placeholder-line" />
      ))}
    </div>
  )
}

interface FailureProps {
  readonly error: unknown
  readonly retry?: () => void
  /** What did not come about, where that is not loading. */
  readonly title?: string
}

export function Failure({ error, retry, title }: FailureProps) {
  const messages = useMessages()
  const explanation = useExplanation(error)
  // On a new server this is how it is: nothing has failed.
  if (isModelMissing(error)) return <p className="empty">{explanation}</p>
  const problem = error instanceof ApiError ? error.problem : undefined
  return (
    <div className="failure" role="alert">
      <p>
        <strong>{title ?? messages.problem.title}.</strong> {explanation}
      </p>
      {problem === undefined ? null : (
        <div className="quiet small">
          <ServerWords text={problem.detail} />
          {messages.common.requestId} <code>{problem.request_id}</code>
        </div>
      )}
      {retry === undefined ? null : (
        <Button className="button" onPress={retry}>
          {messages.common.retry}
        </Button>
      )}
    </div>
  )
}

function useExplanation(error: unknown): string {
  const { problem } = useMessages()
  const formats = useFormats()
  if (!(error instanceof ApiError)) return problem.other
  if (error.status === 0) return problem.unreachable
  if (error.problem === undefined) return problem.other
  const { code, errors = [] } = error.problem
  const names = formats.list([...new Set(errors.map(({ name }) => name))])
  // A later server may have codes that this page does not know.
  const said = Object.hasOwn(problem.codes, code) ? problem.codes[code] : problem.other
  return names === '' ? said : `${said} ${problem.values(names)}`
}
