/** Charts and their tables, addresses that can be sent, and pages while the API is slow or fails. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { ModelDetail, Problem, Runs } from '../../client/schema.ts'
import { en } from '../../web/src/i18n/en.ts'
import { ko } from '../../web/src/i18n/ko.ts'
import { trainedWeeks } from '../support/web-site.ts'
import { settled } from '../support/web-visitor.ts'
import { site, user, program, ask, visitor, expectFitting, expectAccessible } from './visit.ts'

test('behind each chart stands a table, and times are those of the browser', async () => {
  const visit = await visitor({ zone: 'America/New_York' })
  const { page } = visit
  for (const path of ['/operator', '/operator/models', '/operator/data-quality']) {
    await visit.open(path)
    const figures = await page.locator('.figure').all()
    assert.ok(figures.length > 0, path)
    for (const figure of figures) {
      await figure.locator('svg.recharts-surface').first().waitFor()
      await figure.getByRole('button', { name: new RegExp(`^${en.common.table}`) }).click()
      await figure.locator('tbody tr').first().waitFor()
    }
  }
  await visit.open('/operator/runs')
  await page.getByText(en.operator.zone('America/New_York')).waitFor()
  const { items } = await ask<Runs>('/v1/runs')
  const instant = items[0]?.started_at ?? ''
  const local = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short', timeZone: 'America/New_York' })
  assert.equal(await page.locator(`time[datetime="${instant}"]`).first().innerText(), local.format(new Date(instant)))
  assert.deepEqual(visit.complaints(), [])
  await visit.context.close()
})

test('what is chosen stands in the address: a link shows what its sender saw', async () => {
  const [sender, reader] = await Promise.all([visitor(), visitor()])
  await sender.open('/operator/models')
  await sender.page.getByRole('button', { name: new RegExp(en.models.metric) }).click()
  await sender.page.getByRole('option', { name: 'recall@10' }).click()
  const oneWeek = sender.page.getByRole('region', { name: en.models.oneWeekTitle })
  await oneWeek.getByRole('button', { name: new RegExp(`${en.models.week}$`) }).click()
  await sender.page.getByRole('option', { name: trainedWeeks[0] }).click()
  await sender.page.waitForURL((url) => url.searchParams.has('metric') && url.searchParams.has('week'))
  const { pathname, search } = new URL(sender.page.url())
  await reader.open(`${pathname}${search}`)
  for (const { page } of [sender, reader]) {
    await page.getByText(`recall@10, ${en.models.time}`).first().waitFor()
    await page.getByRole('figure', { name: `nDCG@10 · ${trainedWeeks[0]}` }).waitFor()
  }
  await Promise.all([sender.context.close(), reader.context.close()])
})

test('two choices of one moment both stand', async () => {
  const visit = await visitor()
  await visit.open('/operator/models')
  // The fields that a browser fills in by itself, changed before the page can be drawn between them.
  const changed = await visit.page.evaluate(`[...document.querySelectorAll('select')].flatMap((field) => {
    const wanted = [...field.options].find(({ value }) => value === 'recall@10' || value === '${trainedWeeks[0]}')
    if (wanted === undefined) return []
    Object.getOwnPropertyDescriptor(HTMLSelectElement.prototype, 'value').set.call(field, wanted.value)
    field.dispatchEvent(new Event('change', { bubbles: true }))
    return [wanted.value]
  })`)
  assert.deepEqual(changed, ['recall@10', trainedWeeks[0]])
  await visit.page.waitForURL((url) => url.searchParams.has('metric') && url.searchParams.has('week'))
  await visit.page.getByText(`recall@10, ${en.models.time}`).first().waitFor()
  await visit.page.getByRole('figure', { name: `nDCG@10 · ${trainedWeeks[0]}` }).waitFor()
  await visit.context.close()
})

test('a panel that is slow or fails holds up no other; trying again mends it', async () => {
  const visit = await visitor({ language: 'ko', width: 360 })
  const { page } = visit
  let failing = true
  await page.route('**/v1/runs?*', (route) =>
    failing
      ? route.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify(problemOf('internal')) })
      : route.continue(),
  )
  const [released, measured] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const holding = async (path: string, { promise }: PromiseWithResolvers<void>) =>
    page.route(path, async (route) => {
      await promise
      await route.continue()
    })
  await holding('**/v1/timeline?*', released)
  await holding('**/v1/metrics', measured)
  await page.goto(`${site.url}/operator`)
  const panel = (title: string) => page.getByRole('region', { name: title, exact: true })
  const { version } = await ask<ModelDetail>('/v1/models/latest')
  await panel(ko.overview.serving).getByText(version).waitFor()
  await panel(ko.overview.growth).locator('svg.recharts-surface').first().waitFor()
  await panel(ko.overview.timeline).getByRole('status', { name: ko.common.loading }).waitFor()
  const failure = panel(ko.overview.runsTitle).getByRole('alert')
  await failure.getByText(ko.problem.codes.internal).waitFor()
  assert.ok(await failure.getByText('the log has more of it').isHidden(), 'the English words of the server are at hand, and not in the way')
  await failure.getByText('the-request', { exact: true }).waitFor()
  await expectFitting(page, 'a panel that failed')
  await expectAccessible(page, 'a panel that failed')
  failing = false
  await failure.getByRole('button', { name: ko.common.retry }).click()
  await panel(ko.overview.runsTitle).locator('a[href^="/operator/runs/"]').waitFor()
  released.resolve()
  await panel(ko.overview.timeline).getByRole('table').waitFor()
  const english = panel(ko.overview.timeline).locator('span[lang=en]')
  assert.equal(await english.count(), 0, 'what is said of a choice waits for its figures; English is for where there are none')
  measured.resolve()
  await panel(ko.overview.timeline)
    .getByText(/nDCG|ndcg/)
    .first()
    .waitFor()
  await visit.context.close()
})

test('every page stands, and says so, while the API fails and while it is slow', async () => {
  const visit = await visitor({ language: 'ko', width: 360 })
  const { page } = visit
  let fate: 'fails' | 'is slow' = 'fails'
  await page.route(/\/(v1|readyz|metrics)(\/|$|\?)/, async (route) => {
    if (route.request().url().includes('/v1/session')) await route.continue()
    else if (fate === 'fails')
      await route.fulfill({ status: 500, contentType: 'application/problem+json', body: JSON.stringify(problemOf('store_corrupt')) })
    // Else it is left without an answer.
  })
  const paths = ['/', `/title/${program.program_id}`, '/questionnaire', '/operator', '/operator/runs', `/operator/runs/${trainedWeeks[1]}`, '/operator/data-quality', '/operator/models', '/operator/models/2024-W01-00000000', `/operator/reports/${trainedWeeks[1]}`, `/operator/users/${user}`, '/operator/titles', `/operator/titles/${program.program_id}`, '/operator/service'] // prettier-ignore
  for (const path of paths) {
    fate = 'fails'
    await page.goto(`${site.url}${path}`)
    await page.getByRole('alert').getByText(ko.problem.codes.store_corrupt).first().waitFor()
    await settled(page)
    assert.equal(await page.locator('h1').count(), 1, path)
    await expectFitting(page, `${path}, failing`)
    fate = 'is slow'
    await page.goto(`${site.url}${path}`)
    await page.locator('h1').first().waitFor()
    await page.getByRole('status', { name: ko.common.loading }).first().waitFor()
    assert.equal(await page.locator('h1').count(), 1, path)
    await expectFitting(page, `${path}, loading`)
  }
  assert.deepEqual(
    visit.complaints().filter((complaint) => !complaint.includes('500')),
    [],
  )
  await visit.context.close()
})

const problemOf = (code: Problem['code']): Problem => ({
  type: `/docs/errors.md#${code}`,
  title: 'What happened',
  status: 500,
  detail: 'An unexpected fault; the log has more of it under request the-request',
  code,
  instance: '/v1',
  request_id: 'the-request',
})
