/** The object store that a configuration names. */
import type { StoreLocation } from '../../config/locations.ts'
import type { ObjectStore } from '../../contracts/ports.ts'
import { DirectoryObjectStore } from './directory-store.ts'
import { S3ObjectStore } from './s3-store.ts'

/** Opens nothing yet: the first call finds out whether the store answers. */
export function openStore(location: StoreLocation): ObjectStore {
  return location.kind === 'file' ? new DirectoryObjectStore(location.path) : new S3ObjectStore(location)
}
