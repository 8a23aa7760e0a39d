/** Every page of the web app: it fits, axe finds nothing, its words are of one language; and one that was open early comes to life. */
import assert from 'node:assert/strict'
import test from 'node:test'
import type { ModelDetail, Rows, Runs } from '../../client/schema.ts'
import { trainedWeeks } from '../support/web-site.ts'
import { languages } from '../support/web-visitor.ts'
import { early, user, program, ask, visitor, expectFitting, expectAccessible, englishIn } from './visit.ts'
import { waitFor } from '../support/wait-for.ts'

const widths = [1280, 360] as const

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
      for (const width of widths) {
        await page.setViewportSize({ width, height: 900 })
        await expectFitting(page, `${path} (${language}, ${width})`)
        // English pages differ in their words alone.
        if (language === 'ko' || width === 360) await expectAccessible(page, `${path} (${language}, ${width})`)
        if (language === 'ko') assert.deepEqual(await englishIn(page), [], `${path}: all words are Korean`)
      }
      // The dark theme differs in its colours alone, which are the same at both widths. An open page follows the device.
      await page.emulateMedia({ colorScheme: 'dark' })
      const isDark = 'matchMedia("(prefers-color-scheme: dark)").matches && document.getAnimations().length === 0'
      await waitFor(`${path} to be dark`, async () => ((await page.evaluate(isDark)) === true ? true : undefined))
      if (language === 'en') await page.setViewportSize({ width: 1280, height: 900 })
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
