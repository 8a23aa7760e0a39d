/** What the web app says, in both languages, of the fields that the API gives it. */
import assert from 'node:assert/strict'
import test from 'node:test'
import { findingCodes } from '../src/contracts/data-gate.ts'
import { errorKinds } from '../src/contracts/errors.ts'
import { en } from '../web/src/i18n/en.ts'
import { makeFormats } from '../web/src/i18n/formats.ts'
import { josa } from '../web/src/i18n/josa.ts'
import { ko } from '../web/src/i18n/ko.ts'
import { checkText, choiceText, findingText, membersText, splitText, stageText } from '../web/src/operator/sentences.ts'
import { reasonText } from '../web/src/viewer/reasons.ts'

const korean = { messages: ko, formats: makeFormats('ko') }
const english = { messages: en, formats: makeFormats('en') }

test('a Korean particle follows how the last letter or digit is read', () => {
  const cases: readonly [string, string][] = [
    ['옆집 이웃', '옆집 이웃을'],
    ['일곱 번째 궤도', '일곱 번째 궤도를'],
    ['사막을 부탁해!', '사막을 부탁해!를'],
    ['남은 이야기 (감독판)', '남은 이야기 (감독판)을'],
    ['쇼 20', '쇼 20을'], // 이십
    ['쇼 1', '쇼 1을'], // 일
    ['쇼 2', '쇼 2를'], // 이
    ['시즌 3: 제5화', '시즌 3: 제5화를'],
    ['천년의 화공: The Return', '천년의 화공: The Return을(를)'],
    ['', '을(를)'],
  ]
  for (const [word, expected] of cases) assert.equal(josa(word, '을', '를'), expected)
  assert.equal(josa('ndcg@10', '이', '가'), 'ndcg@10이')
})

test('reasons are said in the language of the page, and a click is not called a viewing', () => {
  const because = { program_id: '20', program_name: '쇼 20' }
  assert.equal(reasonText({ reason: 'because you watched 쇼 20', because }, ko), '쇼 20을 보셨기 때문입니다.')
  assert.equal(reasonText({ reason: 'because you looked at 쇼 20', because }, ko), '쇼 20을 살펴보셨기 때문입니다.')
  assert.equal(reasonText({ reason: 'like 쇼 2' }, ko), '쇼 2를 본 사람들이 함께 봅니다.')
  for (const reason of ['', 'for you', 'popular', 'trending', 'new', 'continue watching', 'next episode'])
    assert.doesNotMatch(reasonText({ reason }, ko), /[A-Za-z]/, reason)
})

test('every code of the API has words in both languages', () => {
  assert.deepEqual(Object.keys(en.problem.codes).toSorted(), Object.keys(errorKinds).toSorted())
  for (const [code, text] of Object.entries(ko.problem.codes)) assert.doesNotMatch(text.replaceAll('Temporal', ''), /[A-Za-z]/, code)
  for (const code of findingCodes) {
    const finding = { code, log: 'viewings', rows: 30, of: 1000, limit: 0.02, days: ['2023-12-29'] } as const
    for (const words of [korean, english]) {
      assert.notEqual(checkText(finding, words), `${words.messages.quality.logs.viewings}: ${code}`)
      assert.doesNotMatch(findingText(finding, words), /undefined|NaN/, code)
    }
    assert.doesNotMatch(findingText(finding, korean), /[A-Za-z]/, code)
  }
  assert.equal(
    findingText({ code: 'repeats', log: 'clicks', rows: 27, of: 2266, limit: 0.25 }, korean),
    '이 주의 2,266행 가운데 27행(1.2%), 허용은 25%까지',
  )
})

test('why a candidate was chosen', () => {
  const candidates = [
    { candidate: 'popularity', metrics: { 'ndcg@10': 0.1 } },
    { candidate: 'warp', metrics: { 'ndcg@10': 0.2 } },
    { candidate: 'ials', metrics: { 'ndcg@10': 0.15 } },
  ]
  const splits = [
    { kind: 'random', test_users: 346, candidates },
    { kind: 'time', test_users: 20, candidates },
  ] as const
  const choice = { candidate: 'warp', algorithm: 'warp', by: 'random', metric: 'ndcg@10', splits } as const
  assert.equal(
    choiceText(choice, korean),
    '무작위 검증(가입자 346명)의 ndcg@10이 가장 높습니다: 0.2000, 다음은 ials 0.1500. 그 주 자체는 검증할 가입자가 20명뿐입니다.',
  )
  assert.equal(
    choiceText({ ...choice, by: 'time', algorithm: 'popularity' }, english),
    'Best ndcg@10 on what 20 users newly watched in the week: 0.2000, ahead of ials with 0.1500. No personal model is better than popularity this week.',
  )
  const alone = { ...choice, splits: [{ kind: 'random', test_users: 5, candidates: candidates.slice(1, 2) }] } as const
  assert.equal(choiceText(alone, english), 'Best ndcg@10 on the random hold-out (5 users): 0.2000, the only candidate.')
  assert.equal(choiceText({ ...choice, splits: [] }, english), undefined, 'then the server’s own sentence is shown')
})

test('segments, splits and stages; what an earlier version did not write down is not made up', () => {
  assert.equal(membersText('light_users', { from: 3, to: 24 }, korean), '학습 데이터에서 3~24편을 본 가입자')
  assert.equal(membersText('light_users', { from: 3, to: 3 }, english), '3 titles watched in training')
  assert.equal(membersText('heavy_users', { from: 62 }, english), '62 or more titles watched in training')
  assert.equal(membersText('kids_titles', { by: 'age_limit' }, korean), '전체 관람가 작품')
  assert.equal(membersText('light_users', undefined, korean), undefined)
  assert.equal(
    splitText({ kind: 'random', seed: 0, train_pairs: 750, test_pairs: 250 }, korean),
    '시청한 쌍의 25%를 무작위로 떼어 잼, 시드 0',
  )
  const figures = [
    { name: 'ndcg@10', of: 'warp', split: 'random', value: 0.4048 },
    { name: 'ndcg@10', of: 'ials', split: 'random', value: 0.329 },
    { name: 'ndcg@10', of: 'warp', split: 'time', value: 0.1561 },
  ] as const
  assert.equal(stageText(figures, korean), '무작위 검증: warp 0.4048, ials 0.3290 · 다음 주: warp 0.1561')
  assert.equal(stageText([{ name: 'rows', of: 'vods_sumut', value: 4794 }], korean), 'vods_sumut 4,794행')
  assert.equal(stageText([], korean), undefined)
})
