/** What operators see and do. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type {
  DataQuality,
  History,
  MetricsOfWeeks,
  ModelDetail,
  Models,
  Recommendations,
  RunDetail,
  Runs,
  WeekReport,
} from '../../client/schema.ts'
import { en } from '../../web/src/i18n/en.ts'
import { makeFormats } from '../../web/src/i18n/formats.ts'
import { ko } from '../../web/src/i18n/ko.ts'
import { checkText, choiceText, decidedOf, findingText, stageText, searchText } from '../../web/src/operator/sentences.ts'
import { heldWeek, rejectedWeek, trainedWeeks } from '../support/web-site.ts'
import { site, user, ask, visitor, expectAccessible, texts, tableOf, rowsOf } from './visit.ts'
import { waitFor } from '../support/wait-for.ts'

const formats = makeFormats('en')

test('operator pages show the figures of the API', async () => {
  const visit = await visitor()
  const { page } = visit
  const latest = await ask<ModelDetail>('/v1/models/latest')
  await visit.open('/operator')
  const facts = (await texts(page, '.fact-list dd')).join('\n')
  for (const figure of [latest.version, latest.week, formats.number(latest.users), formats.number(latest.pairs)])
    assert.ok(facts.includes(figure), figure)
  const said = choiceText(decidedOf(latest), { messages: en, formats }) ?? ''
  const decided = latest.splits
    .find(({ kind }) => kind === latest.choice.by)
    ?.candidates.find(({ candidate }) => candidate === latest.candidate)
  assert.ok(said.includes(formats.figure(decided?.metrics['ndcg@10'] ?? NaN)), said)
  await page.getByText(said).first().waitFor()

  await visit.open('/operator/models')
  const { items: weeks } = await ask<MetricsOfWeeks>('/v1/metrics')
  assert.deepEqual(
    weeks.map(({ week }) => week),
    [...trainedWeeks],
  )
  for (const curve of Object.keys(en.models.curves)) {
    const name = en.models.curves[curve] ?? ''
    await page.getByRole('button', { name: `${en.common.table}: ${name}`, exact: true }).click()
    const expected = weeks.map((week) => {
      const metrics = week.splits
        .find(({ kind }) => kind === 'random')
        ?.candidates.find(({ candidate }) => candidate === week.candidate)?.metrics
      const value = curve === 'all_diversity' ? week.all_diversity : metrics?.[curve === 'test_diversity' ? 'diversity@10' : curve]
      return [week.week, week.candidate, formats.figure(value ?? NaN)]
    })
    assert.deepEqual(await rowsOf(page, name), expected)
  }
  const { items: models } = await ask<Models>('/v1/models')
  const listed = await rowsOf(page, en.models.list)
  assert.deepEqual(
    listed.map(([version]) => version?.split(/\s/)[0]),
    models.map(({ version }) => version),
  )
  await tableOf(page, en.models.list).getByRole('button', { name: en.models.week }).click()
  assert.deepEqual(
    (await rowsOf(page, en.models.list)).map(([, week]) => week),
    [...trainedWeeks],
  )

  const { report, thresholds } = await ask<DataQuality>(`/v1/data-quality/${trainedWeeks[1]}`)
  await visit.open('/operator/data-quality')
  const quality = (await texts(page, '.fact-list dd')).join('\n')
  for (const figure of [report.vods_in, report.conts_in, report.programs_in, report.users_in, report.pairs])
    assert.ok(quality.includes(formats.number(figure)), String(figure))
  const { rows, repeats } = report.quality.viewings
  const found = (await rowsOf(page, en.quality.gate)).find(
    ([log, check]) => log === en.quality.logs.viewings && check?.startsWith(en.quality.reasons['repeats'] ?? '?'),
  )
  // More than this server's gate allows, which is none: it is marked.
  assert.deepEqual(found, [
    en.quality.logs.viewings,
    `${en.quality.reasons['repeats']} ${en.quality.breach}`,
    formats.number(repeats),
    formats.percent(repeats / rows, 1),
    en.quality.atMost(formats.percent(thresholds.most_repeats, 1)),
  ])

  const newest = weeks.at(-1)
  const split = newest?.splits.find(({ kind }) => kind === 'time') ?? newest?.splits[0]
  await visit.open('/operator/models')
  const segments = await rowsOf(page, en.models.segmentsTitle)
  assert.ok(segments.length > 0)
  for (const [index, segment] of Object.keys(split?.segments ?? {}).entries()) {
    const figures = split?.candidates
      .map(({ segments: of }) => of?.[segment]?.['ndcg@10'])
      .map((value) => (value === undefined ? '–' : formats.figure(value)))
    assert.equal(segments[index]?.[0]?.split('\n')[0], en.models.segments[segment])
    assert.deepEqual(segments[index]?.slice(2).toSorted(), figures?.toSorted(), segment)
  }
  assert.deepEqual(visit.complaints(), [])
  await visit.context.close()
})

test('the report of a week says what was tried, what won, and for whom', async () => {
  const visit = await visitor()
  const { page } = visit
  const week = trainedWeeks[1]
  const report = await ask<WeekReport>(`/v1/reports/${week}`)
  await visit.open('/operator/reports')
  await page.getByRole('heading', { level: 1, name: en.report.one(week) }).waitFor()
  await page
    .getByText(choiceText(decidedOf(await ask<ModelDetail>(`/v1/models/${report.version}`)), { messages: en, formats }) ?? '?')
    .waitFor()
  assert.deepEqual(
    (await rowsOf(page, en.report.tried)).map(([name, figure]) => [name?.replace(` ${en.models.chosen}`, ''), figure]),
    report.tried.map(({ candidate, metrics }) => [candidate, formats.figure(metrics['ndcg@10'] ?? NaN)]),
  )
  assert.deepEqual(
    (await rowsOf(page, en.report.forWhom)).map(([name, users, figure]) => [name?.split('\n')[0], users, figure]),
    report.segments.map(({ segment, users, published }) => [en.models.segments[segment], formats.number(users), formats.figure(published)]),
  )
  assert.deepEqual(
    (await rowsOf(page, en.report.gains)).map(([rival, metric, , difference]) => [rival?.split('\n')[0], metric, difference]),
    report.gains.flatMap(({ against, metrics }) =>
      Object.entries(metrics).map(([metric, gain]) => [against, metric, formats.signed(gain.difference)]),
    ),
  )
  assert.ok(report.search !== undefined && report.search.trials.length > 0)
  await page.getByText(searchText(report.search, { messages: en, formats })).waitFor()
  assert.deepEqual(
    new Set((await rowsOf(page, en.report.searched)).map(([place, algorithm, figure]) => `${place} ${algorithm} ${figure}`)),
    new Set(
      report.search.trials.map(
        ({ algorithm, ndcg, ended = '' }, n) =>
          `${n + 1} ${algorithm} ${ndcg === null ? (en.report.ended[ended] ?? '–') : formats.figure(ndcg)}`,
      ),
    ),
  )
  await page.getByRole('button', { name: new RegExp(en.report.week) }).click()
  await page.getByRole('option', { name: trainedWeeks[0] }).click()
  await page.getByRole('heading', { level: 1, name: en.report.one(trainedWeeks[0]) }).waitFor()
  assert.deepEqual(visit.complaints(), [])
  await visit.context.close()
})

const serves = (version: string): Promise<true> =>
  waitFor(`${version} to serve`, async () => ((await ask<ModelDetail>('/v1/models/latest')).version === version ? true : undefined))

test('an administrator lets another model serve, and goes back, each with a reason', async () => {
  const visit = await visitor()
  const { page } = visit
  const { items } = await ask<Models>('/v1/models')
  const [serving, other] = [items.find((model) => model.serving)?.version, items.find((model) => !model.serving)?.version]
  assert.ok(serving !== undefined && other !== undefined)
  const decide = async (act: string, reason: string): Promise<void> => {
    await page.getByRole('button', { name: act }).click()
    await page.getByLabel(en.decision.reason).fill(reason)
    await page.getByRole('dialog').getByRole('button', { name: act }).click()
    await page.getByText(en.decision.noted).waitFor()
  }
  await visit.open(`/operator/models/${other}`)
  await decide(en.models.promote, 'the older one, for a while')
  await serves(other)
  await visit.open('/operator')
  await page.getByText('the older one, for a while').waitFor()
  await decide(en.overview.rollBack, 'back again')
  await serves(serving)
  assert.deepEqual(visit.complaints(), [])
  await visit.context.close()
})

test('the user inspector lays two models side by side, and says what the filters took away', async () => {
  const visit = await visitor()
  const { page } = visit
  const [first, second] = (await ask<Models>('/v1/models')).items.map(({ version }) => version)
  assert.ok(first !== undefined && second !== undefined)
  await visit.open(`/operator/users/${user}?max_age=12`)
  for (const version of [first, second]) {
    const { items } = await ask<Recommendations>(`/v1/users/${user}/recommendations?k=20&max_age=12&model=${version}`)
    const shown = await rowsOf(page, en.users.recommends(version))
    assert.deepEqual(
      shown.map(([place, name, score]) => [place, name?.split('\n')[0]?.replace(` ${en.users.onlyHere}`, ''), score]),
      items.map(({ program_name: name, score }, index) => [String(index + 1), name, formats.figure(score)]),
    )
  }
  const { items: history } = await ask<History>(`/v1/users/${user}/history`)
  assert.equal((await rowsOf(page, en.users.history)).length, history.length)
  const taken = await rowsOf(page, en.users.filtered)
  assert.ok(taken.length > 0)
  for (const row of taken) assert.ok([en.users.bySeen, en.users.byAge, en.users.byOther].includes(row[3] ?? ''), row.join(', '))
  assert.deepEqual(visit.complaints(), [])
  await visit.context.close()
})

test('a held run shows its breaches, moves by itself, and is approved or rejected with a reason', async () => {
  const visit = await visitor()
  const { page } = visit
  await visit.open('/operator/runs')
  const started = await site.pipeline.matinee('run', '--week', heldWeek)
  assert.equal(started.exitCode, 0, started.stderr)
  // Without a reload: the page asks by itself.
  await page.getByRole('link', { name: heldWeek }).click({ timeout: 60_000 })
  await page.getByRole('heading', { name: en.runs.held }).waitFor({ timeout: 120_000 })
  await page
    .getByRole('table', { name: en.runs.breaches })
    .getByText(en.quality.reasons['repeats'] ?? '?')
    .first()
    .waitFor()
  await expectAccessible(page, 'a held run')
  assert.match(
    (await page.getByRole('link', { name: en.runs.temporal }).getAttribute('href')) ?? '',
    /^http:\/\/temporal\.example:8233\/namespaces\/default\/workflows\/retrain-2023-W51\//,
  )
  await page.getByRole('button', { name: en.runs.approve }).click()
  const dialog = page.getByRole('dialog', { name: en.runs.approveTitle })
  await expectAccessible(page, 'the question')
  assert.equal(await dialog.getByRole('button', { name: en.runs.approve }).isDisabled(), true)
  await dialog.getByLabel(en.decision.reason).fill('counted by hand')
  await dialog.getByRole('button', { name: en.runs.approve }).click()
  await page
    .getByText(en.runs.outcomes['archived'] ?? '')
    .first()
    .waitFor({ timeout: 120_000 })
  await waitFor('the run among the others', async () => {
    const run = (await ask<Runs>('/v1/runs')).items.find(({ week }) => week === heldWeek)
    return run?.outcome === 'archived' ? true : undefined
  })
  const { stages, breaches } = await ask<RunDetail>(`/v1/runs/${heldWeek}`)
  const words = { messages: ko, formats: makeFormats('ko') }
  for (const { name, figures } of stages) {
    assert.ok(Object.hasOwn(ko.runs.stages, name), name)
    assert.doesNotMatch(stageText(figures, words) ?? 'not told', /not told|undefined|NaN/, name)
    for (const figure of figures)
      assert.ok(Object.hasOwn(ko.runs.figures, figure.name) || /^(outcome|train_seconds|.+@10)$/.test(figure.name), figure.name)
  }
  for (const { finding } of breaches) {
    assert.ok(finding !== undefined)
    assert.match(`${checkText(finding, words)} ${findingText(finding, words)}`, /중복.*\d행/)
  }

  await site.pipeline.matinee('run', '--week', rejectedWeek)
  await visit.open(`/operator/runs/${rejectedWeek}`)
  await page.getByRole('button', { name: en.runs.reject }).click({ timeout: 120_000 })
  await page.getByLabel(en.decision.reason).fill('not this one')
  await page.getByRole('dialog').getByRole('button', { name: en.runs.reject }).click()
  await page
    .locator('h1')
    .getByText(en.runs.outcomes['rejected'] ?? '?')
    .waitFor({ timeout: 60_000 })

  await visit.open('/operator')
  for (const reason of ['counted by hand', 'not this one'])
    await page.getByRole('table', { name: en.overview.timeline }).getByText(reason).waitFor()
  assert.deepEqual(
    visit.complaints().filter((complaint) => !complaint.includes('404')), // the run that has not started yet
    [],
  )
  await visit.context.close()
})
