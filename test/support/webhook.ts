/** What MATINEE_WEBHOOK_URL names: keeps what it is told. The first call fails, so that it must be made again. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { Type, type Static } from 'typebox'
import { parseDocument } from '../../src/contracts/documents.ts'

const Told = Type.Object({ event: Type.String(), week: Type.Optional(Type.String()), workflowId: Type.String(), text: Type.String() })
export type Told = Static<typeof Told>

export interface TestWebhook {
  readonly url: string
  /** In the order of the calls that were answered. */
  readonly told: Told[]
  stop(): void
}

export async function startWebhook(): Promise<TestWebhook> {
  const told: Told[] = []
  let calls = 0
  const server = createServer((request, response) => {
    const pieces: Uint8Array[] = []
    request.on('data', (piece: Uint8Array) => pieces.push(piece))
    request.on('end', () => {
      response.statusCode = calls++ === 0 ? 503 : 200
      response.end()
      if (response.statusCode === 200) told.push(parseDocument(Told, Buffer.concat(pieces), 'the call'))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  return { url: `http://127.0.0.1:${address.port}/hook?token=s3cret`, told, stop: () => void server.close() }
}
