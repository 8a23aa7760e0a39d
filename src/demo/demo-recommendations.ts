/** Ten titles for one user, through the API, as a viewer would get them. */
import { ModelUsers } from '../contracts/documents.ts'
import { MatineeError } from '../contracts/errors.ts'
import { LatestModel } from '../contracts/documents.ts'
import type { ObjectStore } from '../contracts/ports.ts'
import { storeKeys } from '../contracts/store-keys.ts'
import { readDocument } from '../contracts/stored-documents.ts'
import { Type } from 'typebox'
import { Value } from 'typebox/value'

const Answer = Type.Object({
  user: Type.String(),
  model: Type.String(),
  source: Type.String(),
  items: Type.Array(
    Type.Object({
      program_id: Type.String(),
      program_name: Type.Union([Type.String(), Type.Null()]),
      genre: Type.Union([Type.String(), Type.Null()]),
      score: Type.Number(),
    }),
  ),
})

export async function printRecommendations(apiUrl: string, store: ObjectStore, say: (line: string) => void): Promise<void> {
  const { version } = await readDocument(store, LatestModel, storeKeys.modelLatest)
  const users = await readDocument(store, ModelUsers, storeKeys.model(version, 'users.json'))
  const user = users[0]
  if (user === undefined) throw new MatineeError('not_found', `model ${version} knows no user`)
  const url = `${apiUrl}/v1/users/${encodeURIComponent(user)}/recommendations?k=10`
  const response = await fetch(url)
  const answer: unknown = await response.json()
  if (!response.ok || !Value.Check(Answer, answer))
    throw new MatineeError('internal', `${url} answered ${response.status}: ${JSON.stringify(answer)}`)
  say(`Ten titles for user ${answer.user} (${answer.source}, model ${answer.model}):`)
  answer.items.forEach((item, index) => {
    say(`${String(index + 1).padStart(3)}. ${item.program_name ?? '(no name)'}  [${item.genre ?? '-'}]  ${item.program_id}`)
  })
}
