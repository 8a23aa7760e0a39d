/** What the schedule `matinee-catalogue` starts: the titles as the source has them now, for lists between two trainings. */
import { setCurrentDetails } from '@temporalio/workflow'
import type { CatalogueSnapshot } from '../contracts/run.ts'
import { bulk } from './activity-options.ts'
import { tellOfFailure } from './tell.ts'

export async function refreshCatalogue(): Promise<CatalogueSnapshot> {
  const snapshot = await snapshotOrTell()
  const { titles, recommendable, changed, digest } = snapshot
  setCurrentDetails(`${titles} titles, ${recommendable} may be recommended; ${changed ? 'new' : 'as before'}: \`${digest.slice(0, 8)}\``)
  return snapshot
}

async function snapshotOrTell(): Promise<CatalogueSnapshot> {
  try {
    return await bulk.snapshotCatalogue.executeWithOptions({ summary: 'vodinfo as it is now' }, [])
  } catch (error) {
    await tellOfFailure(error, 'the catalogue')
    throw error
  }
}
