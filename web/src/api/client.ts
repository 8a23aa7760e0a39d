/** Calls the API by the names of its operations; every answer has the type that the API's own document gives it. */
import { routes, type Operations, type Problem } from './schema.ts'

export type OperationName = keyof Operations
export type Answer<Name extends OperationName> = Operations[Name]['answer']
/** Parameters by their place, and the body. */
export type Request<Name extends OperationName> = Omit<Operations[Name], 'answer'>
/** May be left out where an operation takes nothing. */
export type RequestArguments<Name extends OperationName> = {} extends Request<Name> ? [request?: Request<Name>] : [request: Request<Name>]

type Parameter = string | number | boolean

interface AnyRequest {
  readonly path?: Readonly<Record<string, Parameter>>
  readonly query?: Readonly<Record<string, Parameter | readonly Parameter[] | undefined>>
  readonly body?: unknown
}

/** The API said no, or could not be asked. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  /** 0: nothing answered. */
  readonly status: number
  readonly problem: Problem | undefined

  constructor(status: number, problem: Problem | undefined, options?: ErrorOptions) {
    super(problem?.detail ?? (status === 0 ? 'no answer' : `status ${status}`), options)
    this.status = status
    this.problem = problem
  }
}

/** @throws ApiError */
export async function call<Name extends OperationName>(name: Name, request: Request<Name>, signal?: AbortSignal): Promise<Answer<Name>> {
  const { method, path } = routes[name]
  const { path: pathParameters, query, body } = request as AnyRequest
  const response = await ask(urlOf(path, pathParameters, query), {
    method,
    credentials: 'same-origin',
    signal: signal ?? null,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new ApiError(response.status, problemOf(text))
  return (text === '' ? undefined : JSON.parse(text)) as Answer<Name>
}

/** Text that no operation describes, such as `/metrics`. @throws ApiError */
export async function callText(path: string, signal?: AbortSignal): Promise<string> {
  const response = await ask(path, { credentials: 'same-origin', signal: signal ?? null })
  const text = await response.text()
  if (!response.ok) throw new ApiError(response.status, problemOf(text))
  return text
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ApiError(0, undefined, { cause })
  }
}

function urlOf(path: string, parameters: AnyRequest['path'] = {}, query: AnyRequest['query'] = {}): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(parameters[name])))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    for (const one of typeof value === 'object' ? value : [value]) if (one !== undefined) search.append(name, String(one))
  return search.size === 0 ? filled : `${filled}?${search}`
}

function problemOf(text: string): Problem | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value ? (value as Problem) : undefined
  } catch {
    return undefined
  }
}
