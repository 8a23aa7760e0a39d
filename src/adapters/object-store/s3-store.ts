/**
 * The object store in S3, or in a server that speaks its protocol. Credentials come from the AWS default chain only.
 *
 * Conditional writes are S3's own (`If-None-Match: *`, `If-Match`). The client repeats a request whose answer was lost,
 * and the repeated one is refused when the first had got through: every write carries a mark of its own in the object's
 * metadata, and a refused one that finds its mark there has succeeded. (Comparing contents would not do: two writers of
 * the same bytes would both think that they were first.)
 */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type GetObjectCommandOutput,
  type HeadObjectCommandOutput,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { describeStore, type StoreLocation } from '../../config/locations.ts'
import { MatineeError } from '../../contracts/errors.ts'
import type { ObjectEntry, ObjectStore, Precondition, ReadOptions, StoredObject, WriteOptions, WriteResult } from '../../contracts/ports.ts'
import { requireKey, requirePrefix } from './keys.ts'
import { saveStream } from './local-file.ts'

type S3Location = Extract<StoreLocation, { kind: 's3' }>

export interface S3StoreLimits {
  /** Files above this go up in parts of this size; S3 takes parts of 5 MiB and more. */
  readonly partBytes?: number
  readonly connectMs?: number
  /** How long a request may go without an answer. */
  readonly answerMs?: number
  /** How long a connection may be silent in the middle of a body. */
  readonly silenceMs?: number
  /** Tries of one request, with growing pauses between. */
  readonly attempts?: number
}

const usualLimits = { partBytes: 16 * 1024 * 1024, connectMs: 5_000, answerMs: 30_000, silenceMs: 30_000, attempts: 4 }

/** S3 allows 10,000 parts. */
const partsAtMost = 9_000
/** How often a body that breaks off is asked for again. */
const bodyAttempts = 3
/** How often a write is repeated that met another one under way (409). */
const conflictAttempts = 5

const markName = 'matinee-write'

export class S3ObjectStore implements ObjectStore {
  readonly location: string
  readonly #at: S3Location
  readonly #limits: Required<S3StoreLimits>
  readonly #client: S3Client
  #bucketSeen = false

  constructor(location: S3Location, limits: S3StoreLimits = {}) {
    this.#at = location
    this.#limits = { ...usualLimits, ...limits }
    this.location = describeStore(location)
    const { connectMs, answerMs, silenceMs, attempts } = this.#limits
    this.#client = new S3Client({
      ...regionOf(location),
      ...(location.endpoint === undefined ? {} : { endpoint: location.endpoint, forcePathStyle: true }),
      maxAttempts: attempts,
      requestHandler: { connectionTimeout: connectMs, requestTimeout: answerMs, throwOnRequestTimeout: true, socketTimeout: silenceMs },
    })
  }

  async read(key: string, { shared = false }: ReadOptions = {}): Promise<StoredObject | undefined> {
    return this.#withBody(key, async (object, body) => {
      const bytes = shared ? await readShared(object, body) : await body.transformToByteArray()
      return { body: bytes, entityTag: tagOf(object, key) }
    })
  }

  async stat(key: string): Promise<ObjectEntry | undefined> {
    return this.#call(key, async () => {
      const head = await this.#head(key)
      return head === undefined ? undefined : { key, sizeBytes: head.ContentLength ?? 0, entityTag: tagOf(head, key) }
    })
  }

  async download(key: string, path: string): Promise<{ readonly sha256: string; readonly sizeBytes: number }> {
    const saved = await this.#withBody(key, async (object, body) => {
      if (!(body instanceof Readable)) throw new TypeError('the answer is not a stream')
      const result = await saveStream(body, path)
      if (result.sizeBytes !== object.ContentLength) throw new Error(`${result.sizeBytes} of ${object.ContentLength} bytes arrived`)
      return result
    })
    if (saved === undefined) throw new MatineeError('store_missing', `${key} is not in ${this.location}`, { details: { key } })
    return saved
  }

  async write(key: string, body: Uint8Array | string, options: WriteOptions = {}): Promise<WriteResult> {
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
    return this.#put(key, options, async (input) => this.#client.send(new PutObjectCommand({ ...input, Body: bytes })))
  }

  async upload(key: string, path: string, options: WriteOptions = {}): Promise<WriteResult> {
    const { size } = await stat(path)
    if (size <= this.#limits.partBytes) return this.write(key, await readFile(path), options)
    return this.#put(key, options, async (input) => {
      const partSize = Math.max(this.#limits.partBytes, Math.ceil(size / partsAtMost))
      const parts = new Upload({ client: this.#client, params: { ...input, Body: createReadStream(path) }, partSize, queueSize: 2 })
      return parts.done()
    })
  }

  async *list(prefix: string): AsyncIterable<ObjectEntry> {
    requirePrefix(prefix)
    const { bucket } = this.#at
    let next: string | undefined
    do {
      const token = next
      const page = await this.#call(prefix, () =>
        this.#client.send(
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: this.#full(prefix),
            ...(token === undefined ? {} : { ContinuationToken: token }),
          }),
        ),
      )
      for (const { Key, Size, ETag } of page.Contents ?? [])
        if (Key !== undefined && ETag !== undefined && !Key.endsWith('/'))
          yield { key: Key.slice(this.#full('').length), sizeBytes: Size ?? 0, entityTag: ETag }
      next = page.NextContinuationToken
    } while (next !== undefined)
  }

  async remove(key: string): Promise<void> {
    requireKey(key)
    await this.#call(key, () => this.#client.send(new DeleteObjectCommand(this.#place(key))))
  }

  #full(key: string): string {
    return this.#at.prefix === '' ? key : `${this.#at.prefix}/${key}`
  }

  #place(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#at.bucket, Key: this.#full(key) }
  }

  async #head(key: string): Promise<HeadObjectCommandOutput | undefined> {
    requireKey(key)
    try {
      return await this.#client.send(new HeadObjectCommand(this.#place(key)))
    } catch (error) {
      if (statusOf(error) !== 404) throw error
    }
    // An answer to HEAD has no body that would tell a missing bucket from a missing key.
    if (!this.#bucketSeen) await this.#client.send(new HeadBucketCommand({ Bucket: this.#at.bucket })).catch(asMissingBucket)
    return undefined
  }

  /** Uses an object's body, from the start again where the connection breaks in the middle of it. */
  async #withBody<T>(
    key: string,
    use: (object: GetObjectCommandOutput, body: NonNullable<GetObjectCommandOutput['Body']>) => Promise<T>,
  ): Promise<T | undefined> {
    requireKey(key)
    for (let attempt = 1; ; attempt++) {
      const object = await this.#call(key, () =>
        this.#client.send(new GetObjectCommand(this.#place(key))).catch((error: unknown) => {
          if (nameOf(error) === 'NoSuchKey') return undefined
          throw error
        }),
      )
      if (object?.Body === undefined) return undefined
      const body = object.Body
      try {
        return await use(object, body)
      } catch (error) {
        if (attempt === bodyAttempts) throw this.#translated(key, error)
        await pause(attempt)
      }
    }
  }

  async #put(key: string, options: WriteOptions, send: (input: PutInput) => Promise<{ ETag?: string | undefined }>): Promise<WriteResult> {
    requireKey(key)
    const mark = randomUUID()
    const input: PutInput = {
      ...this.#place(key),
      ...conditionOf(options.precondition),
      ...(options.contentType === undefined ? {} : { ContentType: options.contentType }),
      Metadata: { [markName]: mark },
    }
    return this.#call(key, async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return { written: true, entityTag: tagOf(await send(input), key) }
        } catch (error) {
          const refused = statusOf(error) === 412 || (options.precondition !== undefined && nameOf(error) === 'NoSuchKey')
          const met = statusOf(error) === 409 // another write of the key is under way
          const finished = nameOf(error) === 'NoSuchUpload' // AWS's answer to the repeated end of an upload in parts
          if (!refused && !met && !finished) throw error
          const there = await this.#head(key)
          if (there?.Metadata?.[markName] === mark) return { written: true, entityTag: tagOf(there, key) }
          if (finished) throw error
          if (refused || attempt === conflictAttempts) return { written: false }
          await pause(attempt)
        }
      }
    })
  }

  async #call<T>(key: string, request: () => Promise<T>): Promise<T> {
    try {
      const answer = await request()
      this.#bucketSeen = true
      return answer
    } catch (error) {
      throw this.#translated(key, error)
    }
  }

  #translated(key: string, cause: unknown): MatineeError {
    if (cause instanceof MatineeError) return cause
    const { bucket } = this.#at
    const details = { key }
    const what = key === '' ? 'its list' : key
    const name = nameOf(cause)
    const status = statusOf(cause)
    const [message = ''] = (cause instanceof Error ? cause.message : String(cause)).split('\n')
    if (name === 'NoSuchBucket')
      return new MatineeError(
        'store_missing',
        `${this.location}: there is no bucket ${bucket}; create it ("aws s3 mb s3://${bucket}") or correct MATINEE_STORE_URL`,
        { cause, details },
      )
    if (name === 'CredentialsProviderError' || name === 'CredentialsError')
      return new MatineeError(
        'store_denied',
        `${this.location}: no AWS credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or run with a role`,
        { cause, details },
      )
    if (/region is missing/i.test(message))
      return new MatineeError(
        'configuration_invalid',
        `${this.location}: no region; add ?region=… to MATINEE_STORE_URL or set AWS_REGION`,
        {
          cause,
          details,
        },
      )
    if (status === 301 || name === 'AuthorizationHeaderMalformed')
      return new MatineeError(
        'configuration_invalid',
        `${this.location}: the bucket is in another region; correct ?region=… in MATINEE_STORE_URL`,
        {
          cause,
          details,
        },
      )
    if (status === 401 || status === 403)
      return new MatineeError(
        'store_denied',
        `${this.location}: no access to ${what} (${name}); check the credentials, and the rights to get, put, delete and list`,
        { cause, details },
      )
    if (status !== undefined && status < 500 && ![404, 408, 409, 429].includes(status) && name !== 'RequestTimeout')
      return new MatineeError('store_denied', `${this.location}: it refused ${what}: ${name}: ${message}`, { cause, details })
    return new MatineeError('store_unreachable', `${this.location}: ${what}: ${name}: ${message}`, { cause, details })
  }
}

interface PutInput {
  readonly Bucket: string
  readonly Key: string
  readonly IfNoneMatch?: string
  readonly IfMatch?: string
  readonly ContentType?: string
  readonly Metadata: Record<string, string>
}

function conditionOf(precondition: Precondition | undefined): { readonly IfNoneMatch?: string; readonly IfMatch?: string } {
  if (precondition === undefined) return {}
  return 'absent' in precondition ? { IfNoneMatch: '*' } : { IfMatch: precondition.entityTag }
}

async function readShared({ ContentLength }: GetObjectCommandOutput, stream: unknown): Promise<Uint8Array> {
  if (!(stream instanceof Readable)) throw new TypeError('the answer is not a stream')
  const body = new Uint8Array(new SharedArrayBuffer(ContentLength ?? 0))
  let filled = 0
  for await (const piece of stream as AsyncIterable<Uint8Array>) {
    if (filled + piece.length <= body.length) body.set(piece, filled)
    filled += piece.length
  }
  if (filled !== body.length) throw new Error(`${filled} of ${body.length} bytes arrived`)
  return body
}

/** The default chain's region; a server of one's own mostly has none, so that it need not be named with an endpoint. */
function regionOf({ region, endpoint }: S3Location): { readonly region?: string | (() => Promise<string>) } {
  if (region !== undefined) return { region }
  if (endpoint === undefined) return {}
  return { region: () => new S3Client({}).config.region().catch(() => 'us-east-1') }
}

/** Longer from try to try, and never the same for two clients. */
const pause = (attempt: number): Promise<void> => delay(100 * attempt * (0.5 + Math.random()))

function asMissingBucket(error: unknown): never {
  if (statusOf(error) === 404) throw Object.assign(new Error('there is no such bucket', { cause: error }), { name: 'NoSuchBucket' })
  throw error
}

function tagOf(answer: { readonly ETag?: string | undefined }, key: string): string {
  if (answer.ETag === undefined) throw new Error(`the answer for ${key} has no ETag`)
  return answer.ETag
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'Error')

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined
  const metadata = error.$metadata
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return undefined
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : undefined
}
