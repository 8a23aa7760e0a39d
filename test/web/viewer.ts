/** What viewers see and do. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { History, Programs, Questionnaire, QuestionnaireAnswer, Rows, Similar, Users } from '../../client/schema.ts'
import { en } from '../../web/src/i18n/en.ts'
import { makeFormats } from '../../web/src/i18n/formats.ts'
import { ko } from '../../web/src/i18n/ko.ts'
import { settled } from '../support/web-visitor.ts'
import { site, user, program, ask, visitor, texts } from './visit.ts'
import { waitFor } from '../support/wait-for.ts'

test('the home page shows the rows of the API, in its order', async () => {
  const visit = await visitor()
  await visit.open('/')
  const { rows } = await ask<Rows>(`/v1/users/${user}/rows?k=20`)
  assert.ok(rows.length >= 3)
  const shelves = await visit.page.locator('.shelf').all()
  const shown = await Promise.all(shelves.map((shelf) => shelf.locator('.card-link .hidden-visually').allInnerTexts()))
  assert.deepEqual(
    shown,
    rows.map(({ items }) => items.map(({ program_name: name }) => name)),
  )
  // What bench/web.ts measures by. They are set after what they tell of was painted.
  const isComplete = 'performance.getEntriesByName("rows-complete").length > 0'
  await waitFor('the last mark', async () => ((await visit.page.evaluate(isComplete)) === true ? true : undefined))
  const marks = await visit.page.evaluate('performance.getEntriesByType("mark").map(({ name }) => name)')
  assert.deepEqual(marks, ['rows-shown', 'rows-complete'])
  await visit.context.close()
})

test('what is watched and what is dismissed changes the next page at once', async () => {
  const visit = await visitor({ profile: `guest-${process.pid}` })
  const { page } = visit
  await visit.open('/')
  const guest = `guest-${process.pid}`
  const atFirst = await ask<Rows>(`/v1/users/${guest}/rows?k=20`)
  assert.equal(atFirst.source, 'popular')
  const [dismissed, watched] = atFirst.rows.find(({ kind }) => kind === 'for_you')?.items ?? []
  assert.ok(dismissed !== undefined && watched !== undefined)

  await page.getByRole('button', { name: en.title.actions(dismissed.program_name ?? '') }).click()
  await page.getByRole('dialog').getByText(en.reasons.popular).waitFor()
  await page.getByRole('button', { name: en.title.notInterested }).click()
  await page.getByText(en.title.dismissed(dismissed.program_name ?? '')).waitFor()
  await page.locator(`a[href="/title/${dismissed.program_id}"]`).waitFor({ state: 'detached' })

  await page.locator(`a[href="/title/${watched.program_id}"]`).click()
  await page.getByRole('heading', { level: 1, name: watched.program_name ?? '', exact: true }).waitFor()
  await page.getByRole('button', { name: en.title.watch, exact: true }).click()
  const slider = page.getByRole('slider')
  await slider.focus()
  for (let step = 0; step < 10; step++) await page.keyboard.press('ArrowLeft')
  await page.getByText('50%').waitFor()
  await page.getByRole('button', { name: en.title.stopHere }).click()
  await page.getByText(en.title.watchedNote).waitFor()

  await page.getByRole('link', { name: en.nav.home, exact: true }).click()
  await page.getByRole('heading', { name: en.home.continueWatching }).waitFor()
  const first = page.locator('.shelf').first()
  assert.equal(await first.locator('.card-link .hidden-visually').first().innerText(), watched.program_name)
  await first.getByRole('img', { name: en.title.progress('50%') }).waitFor()
  assert.equal((await ask<Rows>(`/v1/users/${guest}/rows?k=20`)).source, 'personal')
  assert.equal((await ask<History>(`/v1/users/${guest}/history`)).items[0]?.program_id, watched.program_id)
  assert.deepEqual(visit.complaints(), [])
  await visit.context.close()
})

test('the kids switch keeps every title above its age away, also by a direct address', async () => {
  const visit = await visitor()
  const { page } = visit
  await visit.open('/')
  await page.getByText(en.home.kids).click()
  await page.getByText(en.home.kidsOn('12')).waitFor()
  await settled(page)
  const limits = new Map<string, number | null>()
  for (let offset = 0; ; offset += 100) {
    const { items } = await ask<Programs>(`/v1/programs?limit=100&offset=${offset}`)
    for (const item of items) limits.set(item.program_id, item.age_limit)
    if (items.length < 100) break
  }
  const links = await Promise.all((await page.locator('.card-link').all()).map((link) => link.getAttribute('href')))
  assert.ok(links.length > 0)
  for (const link of links) assert.ok((limits.get(link?.replace('/title/', '') ?? '') ?? 99) <= 12, link ?? '')
  const adult = [...limits].find(([, limit]) => limit !== null && limit > 12)
  assert.ok(adult !== undefined)
  await visit.open(`/title/${adult[0]}`)
  await page.getByRole('heading', { name: en.title.notForKidsTitle }).waitFor()
  assert.deepEqual(visit.complaints(), [])
  await visit.context.close()
})

test('the questionnaire is answered by keyboard, and says how sure it is', async () => {
  const visit = await visitor()
  const { page } = visit
  await visit.open('/questionnaire')
  const form = await ask<Questionnaire>('/v1/questionnaire')
  assert.equal(form.questions.length, 5)
  const entry = [3, 0, 5, 7, 2]
  const groups = await page.getByRole('radiogroup').all()
  assert.equal(groups.length, 5)
  for (const [question, group] of groups.entries()) {
    assert.equal(await group.getByRole('radio').count(), 8)
    await group.getByRole('radio').first().focus()
    await page.keyboard.press('Space')
    for (let step = 0; step < (entry[question] ?? 0); step++) await page.keyboard.press('ArrowDown')
    await group
      .getByRole('radio', { name: form.questions[question]?.options[entry[question] ?? 0]?.text.en ?? '', exact: true, checked: true })
      .waitFor()
  }
  const response = await fetch(`${site.url}/v1/questionnaire`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ entry, probabilities: true }),
  })
  const answer = (await response.json()) as QuestionnaireAnswer
  const number = form.labels.findIndex(({ id }) => id === answer.id) + 1
  await page.locator('.match-name', { hasText: en.questionnaire.unnamed(String(number)) }).waitFor()
  await page.getByText(en.questionnaire.sure(makeFormats('en').percent(answer.probability))).waitFor()
  assert.deepEqual(visit.complaints(), [])
  await visit.context.close()
})

test('a profile is chosen by keyboard alone, from the list and by its number', async () => {
  const visit = await visitor({ profile: 'guest-with-keys' })
  const { page } = visit
  await visit.open('/profiles')
  const { items } = await ask<Users>('/v1/users?limit=12')
  const wanted = items[2]?.user ?? ''
  // From the top of the page, by nothing but the Tab key.
  const focused = 'document.activeElement.matches("button") ? document.activeElement.textContent : ""'
  for (let step = 0; step < 40 && !String(await page.evaluate(focused)).includes(en.profiles.subscriber(wanted)); step++)
    await page.keyboard.press('Tab')
  assert.ok(await page.evaluate('document.activeElement.matches(":focus-visible")'), 'what has the focus shows it')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: en.home.heading(en.profiles.subscriber(wanted)) }).waitFor()
  await visit.open('/profiles')
  await page.getByLabel(en.profiles.byNumber).focus()
  await page.keyboard.type(user)
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: en.home.heading(en.profiles.subscriber(user)) }).waitFor()
  assert.deepEqual(visit.complaints(), [])
  await visit.context.close()
})

test('a title page shows what is like it; language and theme are chosen and kept', async () => {
  const visit = await visitor()
  const { page } = visit
  await visit.open(`/title/${program.program_id}`)
  const { items } = await ask<Similar>(`/v1/programs/${program.program_id}/similar?k=20`)
  assert.deepEqual(
    await texts(page, '.shelf .card-link .hidden-visually'),
    items.map(({ program_name: name }) => name),
  )
  await page.getByRole('button', { name: en.nav.settings }).click()
  await page.getByRole('button', { name: new RegExp(en.language.choose) }).click()
  await page.getByRole('option', { name: ko.language.name }).click()
  await page.getByRole('heading', { name: ko.title.similar }).waitFor()
  await page.getByRole('button', { name: new RegExp(ko.theme.choose) }).click()
  await page.getByRole('option', { name: ko.theme.dark }).click()
  await visit.open('/profiles')
  assert.equal(await page.locator('html').getAttribute('lang'), 'ko')
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark')
  await visit.context.close()
})
