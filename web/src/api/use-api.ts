/** The API's answers as React sees them: cached by operation and parameters, asked anew when asked to. */
import { QueryClient, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { ApiError, call, type Answer, type OperationName, type Request } from './client.ts'

export type ApiResult<Data> = UseQueryResult<Data>

/** How often that is asked again which failed and may not the next time. */
const RECOVERY_MS = 5000

export const isModelMissing = (error: unknown): boolean => error instanceof ApiError && error.problem?.code === 'model_missing'

/** What the API refuses it refuses again; what does not answer may be back in a moment. */
const maySucceedLater = (error: unknown): boolean => !(error instanceof ApiError) || error.status === 0 || error.status === 503

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (count, error) => count < 2 && maySucceedLater(error) && !isModelMissing(error),
      retryDelay: (attempt) => 500 * 2 ** attempt,
    },
  },
})

interface ApiOptions<Data> {
  /** False: do not ask yet. */
  readonly enabled?: boolean
  /** Milliseconds between two looks, or what they are for the last answer; absent: only when it is needed. */
  readonly every?: number | ((data: Data | undefined) => number | undefined)
  /** Shows the last answer to other parameters until the new one is there. */
  readonly keep?: boolean
}

export const queryKey = <Name extends OperationName>(name: Name, request: Request<Name>): readonly unknown[] => [name, request]

export function useApi<Name extends OperationName>(
  name: Name,
  request: Request<Name>,
  { enabled = true, every, keep = false }: ApiOptions<Answer<Name>> = {},
): ApiResult<Answer<Name>> {
  return useQuery<Answer<Name>>({
    queryKey: queryKey(name, request),
    queryFn: ({ signal }) => call(name, request, signal),
    enabled,
    refetchInterval: ({ state }) => {
      if (state.data === undefined && state.error !== null && maySucceedLater(state.error)) return RECOVERY_MS
      return (typeof every === 'function' ? every(state.data) : every) ?? false
    },
    ...(keep ? { placeholderData: (previous: unknown) => previous as never } : {}),
  })
}
