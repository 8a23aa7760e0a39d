/** Calls the API by the names of its operations; every answer has the type that the API's own document gives it. */
import { routes, type Operations, type Problem } from './schema.ts'

export type OperationName = keyof Operations
export type Answer<Name extends OperationName> = Operations[Name]['answer']
/** Parameters by their place, and the body. */
export type Request<Name extends OperationName> = Omit<Operations[Name], 'answer'>

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

export interface ClientOptions {
  /** Such as `https://recommend.example.com`; absent: the page's own origin, with its cookie. */
  readonly url?: string
  /** Sent with each request, where the API asks for keys. */
  readonly key?: string
}

export interface MatineeClient {
  /** @throws ApiError */
  readonly call: <Name extends OperationName>(name: Name, request: Request<Name>, signal?: AbortSignal) => Promise<Answer<Name>>
  /** Text that no operation describes, such as `/metrics`. @throws ApiError */
  readonly callText: (path: string, signal?: AbortSignal) => Promise<string>
}

export function createClient({ url = '', key }: ClientOptions = {}): MatineeClient {
  const base = url.replace(/\/$/, '')
  const usual: Readonly<Record<string, string>> = key === undefined ? {} : { authorization: `Bearer ${key}` }

  async function ask(path: string, signal: AbortSignal | undefined, method: string, body?: unknown): Promise<string> {
    const response = await answered(`${base}${path}`, {
      method,
      credentials: 'same-origin',
      signal: signal ?? null,
      headers: body === undefined ? usual : { ...usual, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new ApiError(response.status, problemOf(text))
    return text
  }

  return {
    async call<Name extends OperationName>(name: Name, request: Request<Name>, signal?: AbortSignal): Promise<Answer<Name>> {
      const { method, path } = routes[name]
      const { path: pathParameters, query, body } = request as AnyRequest
      const text = await ask(pathOf(path, pathParameters, query), signal, method, body)
      return (text === '' ? undefined : JSON.parse(text)) as Answer<Name>
    },
    callText: (path, signal) => ask(path, signal, 'GET'),
  }
}

async function answered(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ApiError(0, undefined, { cause })
  }
}

function pathOf(path: string, parameters: AnyRequest['path'] = {}, query: AnyRequest['query'] = {}): string {
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
