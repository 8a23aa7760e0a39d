/** The web app in a real browser, against the real API after real runs: every page, both languages, a phone and a desk. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import test, { after, before } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'playwright-core'
import { en } from '../web/src/i18n/en.ts'
import { makeFormats } from '../web/src/i18n/formats.ts'
import { ko } from '../web/src/i18n/ko.ts'
import { checkText, choiceText, decidedOf, findingText, stageText } from '../web/src/operator/sentences.ts'
import type {
  DataQuality,
  History,
  MetricsOfWeeks,
  ModelDetail,
  Models,
  Problem,
  Program,
  Programs,
  Questionnaire,
  QuestionnaireAnswer,
  Recommendations,
  Rows,
  RunDetail,
  Runs,
  Similar,
  Users,
  WeekReport,
} from '../web/src/api/schema.ts'
import { launchChromium } from './support/chromium.ts'
import { waitFor } from './support/pipeline.ts'
import { heldWeek, keys, rejectedWeek, startSite, trainedWeeks, type Site } from './support/web-site.ts'
import { languages, newVisitor, settled, type Visitor, type VisitorOptions } from './support/web-visitor.ts'

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const built = fileURLToPath(new URL('../dist/web/', import.meta.url))

let site: Site
let browser: Browser
/** Came before anything was trained. */
let early: Visitor
/** Someone whom the model knows, with the most to show. */
let user: string
let program: Program
/** Of all titles. */
let names: readonly string[]

before(async () => {
  ;[site, browser] = await Promise.all([startSite(), launchChromium()])
  early = await newVisitor(browser, { url: site.url, profile: 'guest-early' })
  await early.page.goto(site.url)
  await early.page.getByText(en.problem.codes.model_missing).waitFor()
  await Promise.all([site.trainWeeks(trainedWeeks), site.trainQuestionnaire()])
  for (const url of [site.url, site.keyedUrl])
    for (const path of ['/v1/models/latest', '/v1/questionnaire'])
      await waitFor(`${path} of the newest week`, async () => {
        const response = await fetch(`${url}${path}`, { headers: { 'x-api-key': keys.read } })
        return response.ok && (await response.text()).includes(path.endsWith('latest') ? `"${trainedWeeks[1]}"` : '"questions"')
          ? true
          : undefined
      })
  const { items } = await ask<Users>('/v1/users?limit=100')
  user = items.toSorted((a, b) => b.watched - a.watched)[0]?.user ?? ''
  const { items: programs } = await ask<Programs>('/v1/programs?limit=100')
  program = programs[0] as Program
  names = programs.map(({ program_name: name }) => name ?? '').filter((name) => /[A-Za-z]/.test(name))
})
after(async () => {
  await browser?.close()
  await site?.stop()
})

/** What the API says: the tests hold what is shown against it. */
async function ask<Answer>(path: string, key?: string): Promise<Answer> {
  const response = await fetch(
    `${key === undefined ? site.url : site.keyedUrl}${path}`,
    key === undefined ? {} : { headers: { 'x-api-key': key } },
  )
  assert.equal(response.status, 200, path)
  return (await response.json()) as Answer
}

const visitor = (options: Partial<VisitorOptions> = {}): Promise<Visitor> =>
  newVisitor(browser, { url: site.url, profile: user, ...options })

/** Charts follow the window's width a moment later. */
async function expectFitting(page: Page, what: string): Promise<void> {
  const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
  await waitFor(`${what} to fit the window`, async () => ((await page.evaluate(overflow)) === 0 ? true : undefined), 10_000)
}

/** @param rules those to look at; without any, all */
async function expectAccessible(page: Page, what: string, rules: readonly string[] = []): Promise<void> {
  await page.evaluate(axeSource)
  const only = rules.length === 0 ? '' : `, runOnly: ${JSON.stringify(rules)}`
  const found = (await page.evaluate(
    `axe.run({ resultTypes: ["violations"]${only} }).then(({ violations }) => violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html.slice(0, 200)).slice(0, 3).join(" | ")))`,
  )) as readonly string[]
  assert.deepEqual(found, [], `${what}: axe`)
}

const texts = (page: Page, selector: string): Promise<string[]> => page.locator(selector).allInnerTexts()
const tableOf = (page: Page, caption: string) => page.getByRole('table', { name: caption, exact: true }).first()
const rowsOf = async (page: Page, caption: string): Promise<string[][]> => {
  const rows = await tableOf(page, caption).locator('tbody tr').all()
  return Promise.all(rows.map(async (row) => (await row.locator('th, td').allInnerTexts()).map((cell) => cell.trim())))
}

/** Texts with two English words side by side. Names of titles, tables, models and what is marked as English may hold such. */
async function englishIn(page: Page): Promise<readonly string[]> {
  const found = (await page.evaluate(`(() => {
    const texts = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT)
    const found = new Set()
    while (texts.nextNode()) if (/[A-Za-z]{3,} [A-Za-z]{2,}/.test(texts.currentNode.data)) found.add(texts.currentNode.data.trim())
    return [...found]
  })()`)) as readonly string[]
  return found.filter((text) => !names.some((name) => text.includes(name)))
}

// --- every page ---------------------------------------------------------------------------------------------------

/** At which width the dark theme is looked at, whose colours alone differ: between the languages at both. */
const widthInTheDark = { ko: 360, en: 1280 } as const

for (const language of ['ko', 'en'] as const)
  test(`every page, ${language}: fits a phone and a desk, axe finds nothing serious in light and dark, the console is silent`, async () => {
    const words = languages[language]
    const { context, page, open, complaints } = await visitor({ language })
    const { items: runs } = await ask<Runs>('/v1/runs')
    const { version } = await ask<ModelDetail>('/v1/models/latest')
    const pages: readonly (readonly [path: string, heading: string | RegExp])[] = [
      ['/', words.home.heading(words.profiles.subscriber(user))],
      ['/profiles', words.profiles.title],
      [`/title/${program.program_id}`, program.program_name ?? ''],
      ['/questionnaire', words.questionnaire.title],
      ['/operator', words.overview.title],
      ['/operator/runs', words.runs.title],
      [`/operator/runs/${runs[0]?.run_id}`, new RegExp(`^${words.runs.one(runs[0]?.week ?? '')}`)],
      ['/operator/data-quality', words.quality.title],
      ['/operator/models', words.models.title],
      [`/operator/models/${version}`, new RegExp(version)],
      ['/operator/reports', words.report.one(trainedWeeks[1])],
      ['/operator/users', words.users.title],
      [`/operator/users/${user}`, words.profiles.subscriber(user)],
      ['/operator/titles', words.titles.title],
      [`/operator/titles/${program.program_id}`, program.program_name ?? ''],
      ['/operator/service', words.service.title],
      ['/operator/nothing-here', words.common.notFoundTitle],
    ]
    for (const [path, heading] of pages) {
      await open(path)
      const shown = (await page.locator('h1').first().innerText()).trim()
      if (typeof heading === 'string') assert.equal(shown, heading, path)
      else assert.match(shown, heading, path)
      assert.match(await page.title(), /Matinee$/)
      assert.equal(await page.locator('html').getAttribute('lang'), language)
      for (const width of [1280, 360]) {
        await page.setViewportSize({ width, height: 900 })
        await expectFitting(page, `${path} (${language}, ${width})`)
        if (language === 'en' || width === 360) await expectAccessible(page, `${path} (${language}, ${width})`)
        if (language === 'ko') assert.deepEqual(await englishIn(page), [], `${path}: all words are Korean`)
      }
      await page.setViewportSize({ width: widthInTheDark[language], height: 900 })
      await page.emulateMedia({ colorScheme: 'dark' })
      await open(path)
      await expectAccessible(page, `${path} (${language}, dark)`, ['color-contrast'])
      await page.emulateMedia({ colorScheme: 'light' })
      await page.setViewportSize({ width: 1280, height: 900 })
      assert.deepEqual(complaints(), [], path)
    }
    await context.close()
  })

test('a page that was opened before there was a model has its rows now, without a reload', async () => {
  const { rows } = await ask<Rows>('/v1/users/guest-early/rows?k=20')
  await early.page
    .locator('.shelf')
    .nth(rows.length - 1)
    .waitFor()
  // The one complaint is of the browser itself, about the answers that there was no model.
  assert.deepEqual(
    early.complaints().filter((complaint) => !complaint.includes('503')),
    [],
  )
  await early.context.close()
})

// --- viewer ---------------------------------------------------------------------------------------------------------

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
  // What bench/web.ts measures by.
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

// --- operator -------------------------------------------------------------------------------------------------------

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
  await page.getByRole('button', { name: new RegExp(en.report.week) }).click()
  await page.getByRole('option', { name: trainedWeeks[0] }).click()
  await page.getByRole('heading', { level: 1, name: en.report.one(trainedWeeks[0]) }).waitFor()
  assert.deepEqual(visit.complaints(), [])
  await visit.context.close()
})

test('an administrator lets another model serve, and goes back, each with a reason', async () => {
  const visit = await visitor()
  const { page } = visit
  const { items } = await ask<Models>('/v1/models')
  const [serving, other] = [items.find((model) => model.serving)?.version, items.find((model) => !model.serving)?.version]
  assert.ok(serving !== undefined && other !== undefined)
  const serves = (version: string): Promise<true> =>
    waitFor(`${version} to serve`, async () => ((await ask<ModelDetail>('/v1/models/latest')).version === version ? true : undefined))
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
  const { pathname, search } = new URL(sender.page.url())
  await reader.open(`${pathname}${search}`)
  for (const { page } of [sender, reader]) {
    await page.getByText(`recall@10, ${en.models.time}`).first().waitFor()
    await page.getByRole('figure', { name: `nDCG@10 · ${trainedWeeks[0]}` }).waitFor()
  }
  await Promise.all([sender.context.close(), reader.context.close()])
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
  const released = Promise.withResolvers<void>()
  await page.route('**/v1/timeline?*', async (route) => {
    await released.promise
    await route.continue()
  })
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

// --- rights -----------------------------------------------------------------------------------------------------------

test('a key becomes a cookie that scripts cannot read; no address holds it; a role decides what is offered', async () => {
  const visit = await visitor({ url: site.keyedUrl })
  const { page, context } = visit
  const addresses: string[] = []
  page.on('request', (request) => addresses.push(request.url()))
  await page.goto(`${site.keyedUrl}/operator/models`)
  await page.waitForURL('**/sign-in')
  assert.equal(await page.getByRole('link', { name: en.nav.operator }).count(), 0)
  // What is not offered is not served either.
  const statusOf = async (path: string, key?: string, method = 'GET'): Promise<number> => {
    const headers = { 'content-type': 'application/json', ...(key === undefined ? {} : { 'x-api-key': key }) }
    return (await fetch(`${site.keyedUrl}${path}`, { method, headers, ...(method === 'POST' ? { body: '{"reason":"why"}' } : {}) })).status
  }
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

// --- what is sent -------------------------------------------------------------------------------------------------------

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
