import { Component, type ReactNode } from 'react'
import { Button } from 'react-aria-components'
import { useMessages } from '../i18n/language.tsx'

interface State {
  readonly failed: boolean
}

/** A page that throws takes no other page with it. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, State> {
  override readonly state: State = { failed: false }

  static getDerivedStateFromError(): State {
    return { failed: true }
  }

  override render(): ReactNode {
    return this.state.failed ? <PageFailed /> : this.props.children
  }
}

function PageFailed() {
  const { problem, common } = useMessages()
  return (
    <div className="page narrow" role="alert">
      <p>{problem.page}</p>
      <Button className="button" onPress={() => location.reload()}>
        {common.retry}
      </Button>
    </div>
  )
}
