/** Who is signed in, and what their key may. Scripts never hold the key: it becomes a cookie that only the server reads. */
import { createContext, useContext, type ReactNode } from 'react'
import { Navigate, useLocation } from 'react-router'
import { ApiError } from './api/client.ts'
import { useApi } from './api/use-api.ts'
import type { Session } from '../../client/schema.ts'
import { Failure, Placeholder } from './components/panel.tsx'

const SessionContext = createContext<Session | undefined>(undefined)

/** Asks for a key where the API does; where it does not, everyone on this machine is its administrator. */
export function SessionGate({ children }: { readonly children: ReactNode }) {
  const location = useLocation()
  const result = useApi('getSession', {})
  if (result.data !== undefined) return <SessionContext value={result.data}>{children}</SessionContext>
  if (result.error instanceof ApiError && result.error.status === 401)
    return <Navigate to="/sign-in" replace state={{ from: `${location.pathname}${location.search}` }} />
  return (
    <div className="page narrow">
      {result.isError ? <Failure error={result.error} retry={() => void result.refetch()} /> : <Placeholder lines={6} />}
    </div>
  )
}

/** Events are written: a key that only reads looks on. */
export const useMayWrite = (): boolean => useSession()?.role !== 'read'

export const useSession = (): Session | undefined => useContext(SessionContext)
