/** The API's client, for the origin that the app comes from. */
import { createClient } from '../../../client/client.ts'

export { ApiError, type Answer, type OperationName, type Request } from '../../../client/client.ts'
export const { call, callText } = createClient()
