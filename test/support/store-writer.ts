/**
 * Writers of a process of their own: `node store-writer.ts URL WORK KEY COUNT`, where URL is as in
 * MATINEE_STORE_URL. Says `ready`, waits for a line on standard input, then
 * - `create`: COUNT writers at once create KEY with the same bytes; prints how many were told that they wrote it;
 * - `increment`: COUNT writers at once each add one to the counter at KEY;
 * - `upload`: uploads files of COUNT bytes, each filled with another byte, one after the other until it is killed.
 */
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openStore } from '../../src/adapters/object-store/open-store.ts'
import { parseStoreUrl } from '../../src/config/locations.ts'
import { updateDocument } from '../../src/contracts/stored-documents.ts'
import { Counter } from './counter.ts'
import { temporaryFolder } from './temporary-folder.ts'

const [url = '', work = '', key = '', countText = ''] = process.argv.slice(2)
const store = openStore(parseStoreUrl('URL', url))
const count = Number(countText)
await store.stat(key) // so that no writer starts before the others because its modules were loaded sooner
process.stdout.write('ready\n')
await once(process.stdin, 'data')

switch (work) {
  case 'create': {
    const results = await Promise.all(
      Array.from({ length: count }, () => store.write(key, 'the same bytes', { precondition: { absent: true } })),
    )
    process.stdout.write(`${results.filter((result) => result.written).length}\n`)
    break
  }
  case 'increment':
    await Promise.all(
      Array.from({ length: count }, () => updateDocument(store, Counter, key, (current) => ({ count: (current?.count ?? 0) + 1 }))),
    )
    process.stdout.write('done\n')
    break
  default: {
    const path = join(await temporaryFolder('upload'), 'file')
    for (;;) {
      await writeFile(path, Buffer.alloc(count, randomInt(256)))
      await store.upload(key, path)
    }
  }
}
process.exit(0)
