/** The models that serve, each with the titles that the catalogue lists now in place of those of its training. */
import type { ListingHolder } from './listing.ts'
import type { ModelStatus, ServingModels } from './model-holder.ts'
import type { ModelSnapshot } from './model-snapshot.ts'

/**
 * A listing from before a model's training says less than the model itself. With the hourly schedule it is never that old; where
 * nobody makes listings any more, each training brings its own catalogue again.
 */
const OLDER_AT_MOST_MS = 2 * 3_600_000

export class ListedModels implements ServingModels {
  readonly #models: ServingModels
  readonly #listings: Pick<ListingHolder, 'current'>
  /** By the model as it was loaded: it goes when that does. */
  readonly #listed = new WeakMap<ModelSnapshot, ModelSnapshot>()

  constructor(models: ServingModels, listings: Pick<ListingHolder, 'current'>) {
    this.#models = models
    this.#listings = listings
  }

  status(): ModelStatus {
    const status = this.#models.status()
    return { ...status, serving: status.serving && this.#withListing(status.serving) }
  }

  current(): ModelSnapshot {
    return this.#withListing(this.#models.current())
  }

  async version(version: string): Promise<ModelSnapshot> {
    return this.#withListing(await this.#models.version(version))
  }

  #withListing(model: ModelSnapshot): ModelSnapshot {
    const listing = this.#listings.current()
    if (listing === undefined || listing.takenMs < Date.parse(model.manifest.created_at) - OLDER_AT_MOST_MS) return model
    const known = this.#listed.get(model)
    if (known?.listing === listing.digest) return known
    const listed = model.withTitles(listing.titles, listing.digest)
    this.#listed.set(model, listed)
    return listed
  }
}
