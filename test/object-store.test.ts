/** What every object store promises, asked of each adapter against the real thing; then what is each one's own. */
import assert from 'node:assert/strict'
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, open, readdir, readFile, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openStore } from '../src/adapters/object-store/open-store.ts'
import { S3ObjectStore } from '../src/adapters/object-store/s3-store.ts'
import { parseStoreUrl } from '../src/config/locations.ts'
import { MatineeError, type ErrorCode } from '../src/contracts/errors.ts'
import type { ObjectEntry, ObjectStore, WriteResult } from '../src/contracts/ports.ts'
import { readDocument } from '../src/contracts/stored-documents.ts'
import { startFlakyProxy, type FlakyProxy } from './support/flaky-proxy.ts'
import { Counter } from './support/counter.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { startVersityGw, type VersityGw } from './support/versitygw.ts'

const MIB = 1024 * 1024
const absent = { precondition: { absent: true } } as const
const sha256 = (body: Uint8Array | string): string => createHash('sha256').update(body).digest('hex')

let gateway: VersityGw
before(async () => {
  gateway = await startVersityGw()
})
after(() => gateway.stop())

let places = 0
const adapters: Record<string, () => Promise<string>> = {
  folder: async () => `file:${join(await temporaryFolder('store'), 'not-there-yet')}`,
  S3: async () => {
    const bucket = `bucket-${(places += 1)}`
    await gateway.createBucket(bucket)
    return gateway.url(bucket, 'some/prefix')
  },
}
const openUrl = (url: string): ObjectStore => openStore(parseStoreUrl('URL', url))

for (const [name, newPlace] of Object.entries(adapters)) void describe(`object store: ${name}`, () => contract(newPlace))

async function textOf(store: ObjectStore, key: string): Promise<string | undefined> {
  const stored = await store.read(key)
  return stored === undefined ? undefined : new TextDecoder().decode(stored.body)
}

async function listed(entries: AsyncIterable<ObjectEntry>): Promise<readonly ObjectEntry[]> {
  const all: ObjectEntry[] = []
  for await (const entry of entries) all.push(entry)
  return all
}

async function keysOf(store: ObjectStore, prefix: string): Promise<readonly string[]> {
  return (await listed(store.list(prefix))).map((entry) => entry.key)
}

function tagOf(result: WriteResult): string {
  assert.ok(result.written)
  return result.entityTag
}

const refusal =
  (code: ErrorCode, said: RegExp = /./) =>
  (error: unknown) => {
    assert.ok(error instanceof MatineeError, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, said)
    assert.doesNotMatch(error.message, /\n/)
    return true
  }

/** A file of that many bytes whose parts all differ. */
async function fileOf(bytes: number): Promise<{ readonly path: string; readonly digest: string }> {
  const path = join(await temporaryFolder('file'), 'file')
  const hash = createHash('sha256')
  const file = await open(path, 'w')
  for (let at = 0, block = Buffer.alloc(0); at < bytes; at += block.length) {
    block = Buffer.alloc(Math.min(MIB, bytes - at), createHash('sha256').update(String(at)).digest())
    hash.update(block)
    await file.write(block)
  }
  await file.close()
  return { path, digest: hash.digest('hex') }
}

type Writer = ChildProcessByStdio<Writable, Readable, null>
const writerProgram = fileURLToPath(new URL('support/store-writer.ts', import.meta.url))

/** Processes that are ready to write, and wait for the word. */
async function readyWriters(processes: number, url: string, work: string, key: string, count: number): Promise<readonly Writer[]> {
  const writers = Array.from({ length: processes }, () =>
    spawn(process.execPath, [writerProgram, url, work, key, String(count)], { stdio: ['pipe', 'pipe', 'inherit'] }),
  )
  await Promise.all(writers.map((writer) => once(writer.stdout, 'data')))
  return writers
}

/** Gives the word to all at once, and answers what each then says. */
async function answersOf(writers: readonly Writer[]): Promise<readonly string[]> {
  const answers = writers.map((writer) => text(writer.stdout))
  for (const writer of writers) writer.stdin.write('go\n')
  return (await Promise.all(answers)).map((answer) => answer.trim())
}

function contract(newPlace: () => Promise<string>): void {
  let url: string
  let store: ObjectStore
  before(async () => {
    url = await newPlace()
    store = openUrl(url)
  })

  test('a key that holds nothing: undefined, an empty list, and no error on removal', async () => {
    assert.equal(await store.read('nothing/here'), undefined)
    assert.equal(await store.stat('nothing/here'), undefined)
    assert.deepEqual(await keysOf(store, 'nothing/'), [])
    await store.remove('nothing/here')
    const path = join(await temporaryFolder('none'), 'file')
    await assert.rejects(store.download('nothing/here', path), refusal('store_missing', /nothing\/here/))
    await assert.rejects(readFile(path), { code: 'ENOENT' })
  })

  test('what is written is read back, and replaced by the next write', async () => {
    await store.write('plain/a.json', '{"title":"한글"}', { contentType: 'application/json' })
    assert.equal(await textOf(store, 'plain/a.json'), '{"title":"한글"}')
    await store.write('plain/a.json', new Uint8Array([0, 255, 128]))
    assert.deepEqual(new Uint8Array((await store.read('plain/a.json'))?.body ?? []), new Uint8Array([0, 255, 128]))
    await store.remove('plain/a.json')
    assert.equal(await store.read('plain/a.json'), undefined)
  })

  test('read into shared memory it is the same, however long', async () => {
    for (const size of [0, 1, 3 * MIB + 7]) {
      const body = randomBytes(size)
      const tag = tagOf(await store.write('shared/a', body))
      const stored = await store.read('shared/a', { shared: true })
      assert.ok(stored?.body.buffer instanceof SharedArrayBuffer)
      assert.deepEqual([sha256(stored.body), stored.entityTag], [sha256(body), tag])
    }
    assert.equal(await store.read('shared/nothing', { shared: true }), undefined)
  })

  test('the entity tag is one wherever it is asked for, and changes with the content', async () => {
    const written = tagOf(await store.write('tags/a', 'one'))
    assert.equal((await store.read('tags/a'))?.entityTag, written)
    assert.deepEqual(await store.stat('tags/a'), { key: 'tags/a', sizeBytes: 3, entityTag: written })
    assert.deepEqual(await listed(store.list('tags/')), [{ key: 'tags/a', sizeBytes: 3, entityTag: written }])
    assert.notEqual(tagOf(await store.write('tags/a', 'two')), written)
  })

  test('a conditional create writes once; the refused one leaves the first as it was', async () => {
    assert.equal((await store.write('create/a', 'first', absent)).written, true)
    assert.deepEqual(await store.write('create/a', 'second', absent), { written: false })
    assert.equal(await textOf(store, 'create/a'), 'first')
    assert.deepEqual(await store.write('create/a', 'first', absent), { written: false }, 'the same bytes are refused too')
  })

  test('a conditional replacement writes over what it names and nothing else', async () => {
    const first = tagOf(await store.write('replace/a', 'first'))
    const second = tagOf(await store.write('replace/a', 'second', { precondition: { entityTag: first } }))
    assert.deepEqual(await store.write('replace/a', 'third', { precondition: { entityTag: first } }), { written: false })
    assert.equal(await textOf(store, 'replace/a'), 'second')
    await store.remove('replace/a')
    assert.deepEqual(await store.write('replace/a', 'fourth', { precondition: { entityTag: second } }), { written: false })
    assert.equal(await store.stat('replace/a'), undefined)
  })

  test('empty objects are objects', async () => {
    await store.write('empty/written', '')
    await store.upload('empty/uploaded', (await fileOf(0)).path)
    const path = join(await temporaryFolder('empty'), 'file')
    for (const key of ['empty/written', 'empty/uploaded']) {
      assert.equal((await store.stat(key))?.sizeBytes, 0)
      assert.equal((await store.read(key))?.body.length, 0)
      assert.deepEqual(await store.download(key, path), { sha256: sha256(''), sizeBytes: 0 })
    }
    assert.deepEqual(await keysOf(store, 'empty/'), ['empty/uploaded', 'empty/written'])
  })

  test('any printable character may be in a key', async () => {
    const names = ['한글 제목.parquet', 'a b+c%20d&e=f', `q?#'"<>!$*()[]{};:,@^|~\``, '😀', 'ｆｕｌｌ', 'İıſ', `${'l'.repeat(250)}.json`]
    // Where the file system keeps composed and decomposed Hangul apart, as S3 does.
    if (process.platform !== 'darwin') names.push('가'.normalize('NFC'), '가'.normalize('NFD'))
    for (const name of names) await store.write(`odd/${name}/${name}`, name)
    for (const name of names) assert.equal(await textOf(store, `odd/${name}/${name}`), name)
    const keys = await keysOf(store, 'odd/')
    assert.deepEqual(keys.toSorted(), names.map((name) => `odd/${name}/${name}`).toSorted())
    for (const key of keys) await store.remove(key)
    assert.deepEqual(await keysOf(store, 'odd/'), [])
  })

  test('what is not a key is refused by every call', async () => {
    const wrong = [
      '',
      '/etc/passwd',
      'a//b',
      'a/',
      '..',
      '../a',
      'a/../../b',
      './a',
      '.writing/lock',
      'a\\b',
      'a\nb',
      'a\0b',
      '\ud800',
      'k'.repeat(1000),
    ]
    const path = join(await temporaryFolder('wrong'), 'file')
    await writeFile(path, 'x')
    for (const key of wrong) {
      const calls = [
        () => store.read(key),
        () => store.stat(key),
        () => store.write(key, 'x'),
        () => store.upload(key, path),
        () => store.download(key, path),
        () => store.remove(key),
      ]
      for (const call of calls) await assert.rejects(call, refusal('request_invalid'), JSON.stringify(key))
    }
    for (const prefix of ['../', '/', 'a/../b']) await assert.rejects(keysOf(store, prefix), refusal('request_invalid'))
  })

  test('lists are in byte order, by any prefix', async () => {
    // A slash sorts between a hyphen and a digit; a character beyond the basic plane after all within it.
    const keys = ['order/x-1', 'order/x/1', 'order/x/2/y', 'order/x0', 'order/z/～', 'order/z/😀', 'order-of/a']
    for (const key of keys.toReversed()) await store.write(key, 'x')
    const byBytes = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    assert.deepEqual(await keysOf(store, 'order'), byBytes)
    assert.deepEqual(await keysOf(store, 'order/'), byBytes.slice(1))
    assert.deepEqual(await keysOf(store, 'order/x'), ['order/x-1', 'order/x/1', 'order/x/2/y', 'order/x0'])
    assert.deepEqual(await keysOf(store, 'order/x/'), ['order/x/1', 'order/x/2/y'])
    assert.deepEqual(await keysOf(store, 'order/x/2/y'), ['order/x/2/y'])
    assert.deepEqual(await keysOf(store, 'order/y'), [])
    const all = await keysOf(store, '')
    assert.deepEqual(
      byBytes,
      all.filter((key) => key.startsWith('order')),
    )
  })

  test('a file of 64 MiB goes up and comes back', async () => {
    const { path, digest } = await fileOf(64 * MIB)
    const back = join(await temporaryFolder('back'), 'new-folder', 'file')
    const tag = tagOf(await store.upload('large/a', path, absent))
    assert.deepEqual(await store.stat('large/a'), { key: 'large/a', sizeBytes: 64 * MIB, entityTag: tag })
    assert.deepEqual(await store.download('large/a', back), { sha256: digest, sizeBytes: 64 * MIB })
    assert.equal(sha256(await readFile(back)), digest)
    assert.deepEqual(await readdir(join(back, '..')), ['file'], 'nothing else is left beside it')
    assert.equal(sha256((await store.read('large/a'))?.body ?? ''), digest)

    const other = await fileOf(40 * MIB)
    assert.deepEqual(await store.upload('large/a', other.path, absent), { written: false })
    assert.equal((await store.stat('large/a'))?.entityTag, tag)
    const replaced = tagOf(await store.upload('large/a', other.path, { precondition: { entityTag: tag } }))
    assert.notEqual(replaced, tag)
    assert.deepEqual(await store.upload('large/a', path, { precondition: { entityTag: tag } }), { written: false })
    assert.deepEqual(await store.download('large/a', back), { sha256: other.digest, sizeBytes: 40 * MIB })
  })

  test('of 20 writers in 5 processes that create one key with the same bytes, one is told that it did', async () => {
    const answers = await answersOf(await readyWriters(5, url, 'create', 'race/create', 4))
    assert.equal(
      answers.reduce((sum, answer) => sum + Number(answer), 0),
      1,
      answers.join(' '),
    )
    assert.equal(await textOf(store, 'race/create'), 'the same bytes')
  })

  test('20 writers in 5 processes add to one counter, and none is lost', async () => {
    const answers = await answersOf(await readyWriters(5, url, 'increment', 'race/counter', 4))
    assert.deepEqual(answers, ['done', 'done', 'done', 'done', 'done'])
    assert.deepEqual(await readDocument(store, Counter, 'race/counter'), { count: 20 })
  })

  test('a writer that is killed in the middle leaves the old object or the new one, whole, and holds nobody up', async () => {
    const sizeBytes = 24 * MIB
    let seen = 0
    for (const waitMs of [80, 160, 240]) {
      const [writer] = await readyWriters(1, url, 'upload', 'killed/a', sizeBytes)
      assert.ok(writer)
      writer.stdin.write('go\n')
      await delay(waitMs)
      writer.kill('SIGKILL')
      await once(writer, 'exit')
      const entries = await listed(store.list('killed/'))
      const stored = await store.read('killed/a')
      if (stored === undefined) {
        assert.deepEqual(entries, [])
        continue
      }
      seen++
      assert.deepEqual(entries, [{ key: 'killed/a', sizeBytes, entityTag: stored.entityTag }])
      assert.ok(Buffer.from(stored.body).equals(Buffer.alloc(sizeBytes, stored.body[0])), 'bytes of two uploads')
      await store.write('killed/after', 'x')
      await store.remove('killed/after')
    }
    if (seen === 0) assert.equal((await store.write('killed/a', 'x', absent)).written, true)
  })
}

void describe('object store: what only a folder does', () => {
  test('objects are plain files at their keys', async () => {
    const folder = await temporaryFolder('store')
    await openUrl(`file:${folder}`).write('models/latest.json', '{}')
    assert.equal(await readFile(join(folder, 'models', 'latest.json'), 'utf8'), '{}')
  })

  test('the last object of a folder takes the folder with it', async () => {
    const folder = await temporaryFolder('store')
    const store = openUrl(`file:${folder}`)
    await store.write('a/b/c', 'x')
    await store.write('a/d', 'x')
    await store.remove('a/b/c')
    assert.deepEqual(await readdir(join(folder, 'a')), ['d'])
    await store.write('a/b', 'now a file')
    assert.equal(await textOf(store, 'a/b'), 'now a file')
  })

  test('a key beside one that begins with it is refused, and named', async () => {
    const store = openUrl(`file:${await temporaryFolder('store')}`)
    await store.write('a/b', 'x')
    await assert.rejects(store.write('a', 'x'), refusal('request_invalid', /^a /))
    await assert.rejects(store.write('a/b/c', 'x'), refusal('request_invalid', /^a\/b\/c /))
    assert.equal(await store.read('a/b/c'), undefined)
    assert.equal(await store.read('a'), undefined)
    assert.deepEqual(await keysOf(store, ''), ['a/b'])
  })

  test('temporary files that killed writers left go an hour later, those of living ones stay', async () => {
    const folder = await temporaryFolder('store')
    const writing = join(folder, '.writing')
    await mkdir(writing)
    for (const name of ['left-behind', 'under-way']) await writeFile(join(writing, name), 'half an obj')
    const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1000)
    await utimes(join(writing, 'left-behind'), longAgo, longAgo)
    await openUrl(`file:${folder}`).write('a', 'x')
    assert.deepEqual((await readdir(writing)).toSorted(), ['lock', 'under-way'])
  })

  test('no permission is said, and is not retried', { skip: process.getuid?.() === 0 ? 'root may do everything' : false }, async () => {
    const folder = await temporaryFolder('store')
    await mkdir(join(folder, 'closed'), { mode: 0o500 })
    await assert.rejects(openUrl(`file:${join(folder, 'closed')}`).write('a', 'x'), refusal('store_denied', /closed/))
  })
})

void describe('object store: what only S3 does', () => {
  let proxy: FlakyProxy
  let store: S3ObjectStore
  before(async () => {
    await gateway.createBucket('faults')
    proxy = await startFlakyProxy(Number(new URL(gateway.endpoint).port))
    store = new S3ObjectStore({ ...gateway.location('faults', 'p'), endpoint: `http://127.0.0.1:${proxy.port}` }, { partBytes: 5 * MIB })
  })
  after(() => proxy.close())

  test('a write whose answer was lost has been done, and says so', async () => {
    proxy.loseAnswers({ of: /^PUT/ })
    const created = await store.write('lost/a', 'one', absent)
    assert.equal(tagOf(created), (await store.stat('lost/a'))?.entityTag)
    proxy.loseAnswers({ of: /^PUT/ })
    const replaced = await store.write('lost/a', 'two', { precondition: { entityTag: tagOf(created) } })
    assert.equal(tagOf(replaced), (await store.stat('lost/a'))?.entityTag)
    assert.equal(await textOf(store, 'lost/a'), 'two')
    proxy.loseAnswers({ of: /^PUT/ })
    assert.deepEqual(await store.write('lost/a', 'two', absent), { written: false }, "another's object with the same bytes is not ours")
  })

  test('so has an upload in parts whose last answer was lost', async () => {
    const { path, digest } = await fileOf(12 * MIB)
    const completion = /^POST .*uploadId=/
    proxy.loseAnswers({ of: completion })
    const uploaded = await store.upload('lost/parts', path, absent)
    assert.equal(tagOf(uploaded), (await store.stat('lost/parts'))?.entityTag)
    assert.equal(sha256((await store.read('lost/parts'))?.body ?? ''), digest)
    proxy.loseAnswers({ of: completion })
    assert.deepEqual(await store.upload('lost/parts', path, absent), { written: false })
    proxy.loseAnswers({ of: completion })
    const again = await store.upload('lost/parts', path)
    assert.equal(tagOf(again), (await store.stat('lost/parts'))?.entityTag)
  })

  test('a list goes on after a thousand', async () => {
    const keys = Array.from({ length: 1005 }, (_, index) => `many/${String(index).padStart(4, '0')}`)
    for (let at = 0; at < keys.length; at += 15) await Promise.all(keys.slice(at, at + 15).map((key) => store.write(key, key)))
    assert.deepEqual(await keysOf(store, 'many/'), keys)
  })

  test('a body that breaks off is asked for again; one that always does is an error and leaves no file', async () => {
    const { path, digest } = await fileOf(12 * MIB)
    await store.upload('broken/a', path)
    const folder = await temporaryFolder('broken')
    proxy.loseAnswers({ afterBytes: 3 * MIB, times: 2 })
    assert.deepEqual(await store.download('broken/a', join(folder, 'whole')), { sha256: digest, sizeBytes: 12 * MIB })
    proxy.loseAnswers({ afterBytes: 3 * MIB, times: 2 })
    assert.equal(sha256((await store.read('broken/a'))?.body ?? ''), digest)
    proxy.loseAnswers({ afterBytes: 3 * MIB, times: 2 })
    assert.equal(sha256((await store.read('broken/a', { shared: true }))?.body ?? ''), digest)
    proxy.loseAnswers({ afterBytes: 3 * MIB, times: Infinity })
    await assert.rejects(store.download('broken/a', join(folder, 'never')), refusal('store_unreachable', /broken\/a/))
    proxy.loseAnswers({ times: 0 })
    assert.deepEqual(await readdir(folder), ['whole'])
  })

  test('a bit that flips on the way is noticed', async () => {
    const body = 'x'.repeat(100_000)
    await store.write('flipped/a', body)
    proxy.loseAnswers({ of: /^GET/, afterBytes: 50_000, flipBit: true })
    assert.equal(await textOf(store, 'flipped/a'), body)
    proxy.loseAnswers({ of: /^GET/, afterBytes: 50_000, flipBit: true, times: Infinity })
    await assert.rejects(store.read('flipped/a'), refusal('store_unreachable', /checksum mismatch/i))
    await assert.rejects(store.read('flipped/a', { shared: true }), refusal('store_unreachable', /checksum mismatch/i))
    await assert.rejects(store.download('flipped/a', join(await temporaryFolder('flipped'), 'file')), refusal('store_unreachable'))
    proxy.loseAnswers({ times: 0 })
  })

  test('a server that is away, or hangs, is unreachable within the limits, and serves again when it is back', async () => {
    const hasty = new S3ObjectStore(gateway.location('faults'), { attempts: 2, connectMs: 2000, answerMs: 2000, silenceMs: 2000 })
    await hasty.write('away/a', 'x')
    await gateway.kill()
    await assert.rejects(hasty.read('away/a'), refusal('store_unreachable', /127\.0\.0\.1/))
    await gateway.restart()
    assert.equal(await textOf(hasty, 'away/a'), 'x')
    await gateway.freeze()
    try {
      await assert.rejects(hasty.write('away/b', 'x'), refusal('store_unreachable'))
      await assert.rejects(listed(hasty.list('')), refusal('store_unreachable'))
    } finally {
      gateway.thaw()
    }
    assert.equal(await textOf(hasty, 'away/a'), 'x')
  })

  test('a body that stops arriving is given up', async () => {
    const { path } = await fileOf(32 * MIB)
    await store.upload('stalled/a', path)
    const patient = new S3ObjectStore(gateway.location('faults', 'p'), {
      attempts: 1,
      connectMs: 10_000,
      answerMs: 10_000,
      silenceMs: 1000,
    })
    const back = join(await temporaryFolder('stalled'), 'file')
    const download = patient.download('stalled/a', back)
    download.catch(() => {})
    while ((await readdir(join(back, '..'))).length === 0) await Promise.race([delay(1), download])
    await gateway.freeze()
    try {
      await Promise.race([
        assert.rejects(download, refusal('store_unreachable')),
        delay(20_000, undefined, { ref: false }).then(() => assert.fail('still waiting')),
      ])
    } finally {
      gateway.thaw()
    }
  })

  test('a missing bucket is named, with the way out, by every call', async () => {
    const missing = openStore(gateway.location('no-such-bucket'))
    const path = join(await temporaryFolder('missing'), 'file')
    await writeFile(path, 'x')
    const said = refusal('store_missing', /no bucket no-such-bucket; create it .* or correct MATINEE_STORE_URL/)
    await assert.rejects(missing.read('a'), said)
    await assert.rejects(missing.stat('a'), said)
    await assert.rejects(missing.write('a', 'x'), said)
    await assert.rejects(missing.upload('a', path), said)
    await assert.rejects(missing.download('a', path), said)
    await assert.rejects(missing.remove('a'), said)
    await assert.rejects(listed(missing.list('')), said)
  })

  test('wrong credentials are refused without a word of them', async () => {
    const right = process.env['AWS_SECRET_ACCESS_KEY']
    process.env['AWS_SECRET_ACCESS_KEY'] = 'wrong-secret'
    try {
      const stranger = openStore(gateway.location('faults'))
      await assert.rejects(stranger.read('a'), (error: unknown) => {
        refusal('store_denied', /credentials/)(error)
        assert.doesNotMatch(String(error), /wrong-secret/)
        return true
      })
    } finally {
      process.env['AWS_SECRET_ACCESS_KEY'] = right
    }
  })
})
