/** What the schedule `matinee-catalogue` starts: the titles as the source has them now, for lists between two trainings. */
import { setCurrentDetails } from '@temporalio/workflow'
import type { CatalogueSnapshot } from '../contracts/run.ts'
import { bulk } from './activity-options.ts'

export async function refreshCatalogue(): Promise<CatalogueSnapshot> {
  const snapshot = await bulk.snapshotCatalogue.executeWithOptions({ summary: 'vodinfo as it is now' }, [])
  const { titles, recommendable, changed, digest } = snapshot
  setCurrentDetails(`${titles} titles, ${recommendable} may be recommended; ${changed ? 'new' : 'as before'}: \`${digest.slice(0, 8)}\``)
  return snapshot
}
