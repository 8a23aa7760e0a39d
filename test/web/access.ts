/** Who is let in, what is offered to whom, and what is sent to a browser. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { en } from '../../web/src/i18n/en.ts'
import { heldWeek, keys, trainedWeeks } from '../support/web-site.ts'
import { settled } from '../support/web-visitor.ts'
import { site, user, program, visitor, expectAccessible } from './visit.ts'

const built = fileURLToPath(new URL('../../dist/web/', import.meta.url))

async function statusOf(path: string, key?: string, method = 'GET'): Promise<number> {
  const headers = { 'content-type': 'application/json', ...(key === undefined ? {} : { 'x-api-key': key }) }
  return (await fetch(`${site.keyedUrl}${path}`, { method, headers, ...(method === 'POST' ? { body: '{"reason":"why"}' } : {}) })).status
}

test('a key becomes a cookie that scripts cannot read; no address holds it; a role decides what is offered', async () => {
  const visit = await visitor({ url: site.keyedUrl })
  const { page, context } = visit
  const addresses: string[] = []
  page.on('request', (request) => addresses.push(request.url()))
  await page.goto(`${site.keyedUrl}/operator/models`)
  await page.waitForURL('**/sign-in')
  assert.equal(await page.getByRole('link', { name: en.nav.operator }).count(), 0)
  // What is not offered is not served either.
  for (const path of [
    'runs',
    'models',
    'metrics',
    'timeline',
    'users',
    `users/${user}/history`,
    `data-quality/${trainedWeeks[1]}`,
    `reports/${trainedWeeks[1]}`,
    'late-data',
    'schedule',
  ])
    // prettier-ignore
    assert.equal(await statusOf(`/v1/${path}`), 401, path)
  assert.equal(await statusOf('/v1/users', keys.read), 403)
  for (const act of [`runs/${heldWeek}/approve`, `runs/${heldWeek}/reject`, 'models/rollback'])
    assert.equal(await statusOf(`/v1/${act}`, keys.read, 'POST'), 403, act)
  await expectAccessible(page, 'sign in')
  await page.getByLabel(en.signIn.key).fill('not-a-key')
  await page.getByRole('button', { name: en.signIn.submit }).click()
  await page.getByText(en.signIn.wrong).waitFor()
  await page.getByLabel(en.signIn.key).fill(keys.read)
  await page.getByRole('button', { name: en.signIn.submit }).click()
  await page.waitForURL('**/operator/models')
  await settled(page)
  const [cookie] = await context.cookies()
  assert.ok(cookie !== undefined)
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Strict'])
  assert.notEqual(cookie.value, keys.read)
  assert.ok(!JSON.stringify(await page.evaluate('({ ...localStorage, ...sessionStorage, cookie: document.cookie })')).includes(keys.read))
  assert.deepEqual(
    addresses.filter((address) => address.includes(keys.read) || address.includes(cookie.value)),
    [],
  )
  assert.equal(await page.getByRole('button', { name: en.models.promote }).count(), 0)
  await visit.open('/profiles')
  assert.equal(await page.getByText(en.profiles.example).count(), 0, 'who there is, is for administrators')
  await visit.open(`/title/${program.program_id}`)
  assert.equal(await page.getByRole('button', { name: en.title.watch, exact: true }).count(), 0, 'events are for those who may write')
  await page.getByRole('button', { name: en.nav.settings }).click()
  await page.getByRole('button', { name: en.nav.signOut }).click()
  await page.waitForURL('**/sign-in')
  assert.deepEqual(await context.cookies(), [])
  await page.goto(`${site.keyedUrl}/`)
  await page.waitForURL('**/sign-in')
  await context.close()
})

const isOfCharts = (path: string): boolean => /\/charts-[^/]*\.js$/.test(path)

test('a page brings no inline script and a strict policy; its first load is small, and charts come later', async (context) => {
  const response = await fetch(`${site.url}/operator/models`)
  const policy = response.headers.get('content-security-policy') ?? ''
  assert.match(policy, /default-src 'none'/)
  assert.match(policy, /script-src 'self'(;|$)/)
  assert.doesNotMatch(policy, /unsafe/)
  assert.equal(response.headers.get('cache-control'), 'no-cache')
  const page = await response.text()
  assert.doesNotMatch(page, /<script(?![^>]*\bsrc=)/)
  assert.doesNotMatch(page, /\bon\w+=|<style|style=/)
  const linked = [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+\.js)"/g)].map((match) => match[1] ?? '')
  assert.ok(linked.length > 0)
  const visit = await visitor()
  const loaded = new Set<string>()
  visit.page.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname.endsWith('.js')) loaded.add(pathname)
  })
  // Everything that a viewer sees, as the browser asks for it.
  for (const path of ['/', '/profiles', `/title/${program.program_id}`, '/questionnaire']) await visit.open(path)
  assert.ok(linked.every((path) => loaded.has(path)))
  const bytes = [...loaded].reduce((sum, path) => sum + gzipSync(readFileSync(join(built, path))).length, 0)
  context.diagnostic(`${bytes} bytes of script, compressed`)
  assert.ok(bytes < 250_000, `${bytes} bytes of script`)
  assert.ok(![...loaded].some(isOfCharts))
  await visit.open('/operator/models')
  assert.ok([...loaded].some(isOfCharts))
  await visit.context.close()
  const asset = await fetch(`${site.url}${linked[0]}`)
  assert.match(asset.headers.get('cache-control') ?? '', /immutable/)
  assert.equal((await fetch(`${site.url}/assets/none.js`)).headers.get('cache-control'), 'no-store')
})
