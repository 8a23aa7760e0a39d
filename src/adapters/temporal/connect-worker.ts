/** A worker's connection to the Temporal server. */
import { NativeConnection } from '@temporalio/worker'
import type { TemporalSettings } from '../../config/environment.ts'
import { unreachable } from './connect.ts'

export async function connectWorker(settings: TemporalSettings): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(settings.connectionOptions)
  } catch (cause) {
    throw unreachable(settings, cause)
  }
}
