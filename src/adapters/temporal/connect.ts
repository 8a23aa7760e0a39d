/** Clients of the Temporal server. What workers connect with is apart (connect-worker.ts): its library is as large again. */
import { Client, Connection } from '@temporalio/client'
import proto from '@temporalio/proto'
import { MatineeError } from '../../contracts/errors.ts'
import { searchAttributes } from '../../contracts/temporal-names.ts'
import type { TemporalSettings } from '../../config/environment.ts'

export const unreachable = (settings: TemporalSettings, cause: unknown): MatineeError =>
  new MatineeError(
    'temporal_unreachable',
    `no Temporal server answers at ${settings.address} (namespace ${settings.namespace}); start one, or set TEMPORAL_ADDRESS`,
    { cause },
  )

export async function connectClient(settings: TemporalSettings): Promise<Client> {
  try {
    const connection = await Connection.connect({ ...settings.connectionOptions, connectTimeout: '5 seconds' })
    return new Client({ connection, namespace: settings.namespace })
  } catch (cause) {
    throw unreachable(settings, cause)
  }
}

const KEYWORD = proto.temporal.api.enums.v1.IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD

/**
 * Registers the search attributes that are missing: a workflow that sets an unregistered one is blocked for ever.
 * Where this key may not register (Temporal Cloud), it only checks.
 * @throws MatineeError `configuration_invalid` naming those that are missing, with the command that adds them.
 */
export async function ensureSearchAttributes(client: Client): Promise<void> {
  const { namespace } = client.options
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace })
  const names = Object.values(searchAttributes)
  const wrongType = names.filter((name) => customAttributes?.[name] !== undefined && customAttributes[name] !== KEYWORD)
  if (wrongType.length > 0)
    throw new MatineeError(
      'configuration_invalid',
      `search attributes ${wrongType.join(', ')} of namespace ${namespace} must be of type Keyword`,
    )
  const missing = names.filter((name) => customAttributes?.[name] === undefined)
  if (missing.length === 0) return
  try {
    await client.connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    })
  } catch (cause) {
    throw new MatineeError(
      'configuration_invalid',
      `namespace ${namespace} lacks the search attributes ${missing.join(', ')} and they cannot be added: temporal operator search-attribute create ${missing.map((name) => `--name ${name} --type Keyword`).join(' ')}`,
      { cause },
    )
  }
}
