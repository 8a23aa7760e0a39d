/** The API's answers as React sees them: cached by operation and parameters, asked anew when asked to. */
import { QueryClient, useQuery, type UseQueryResult } from '@tanstack/react-query'
import { ApiError, call, type Answer, type OperationName, type Request } from './client.ts'

export type ApiResult<Data> = UseQueryResult<Data>

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // What the API refuses it refuses again; what does not answer may be back in a moment.
      retry: (count, error) =>
        count < 2 &&
        (!(error instanceof ApiError) || error.status === 0 || (error.status === 503 && error.problem?.code !== 'model_missing')),
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
    refetchInterval: typeof every === 'function' ? ({ state }) => every(state.data) ?? false : (every ?? false),
    ...(keep ? { placeholderData: (previous: unknown) => previous as never } : {}),
  })
}
