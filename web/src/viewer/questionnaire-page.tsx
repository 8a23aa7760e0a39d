/** Questions with a few options each; the answer follows at once, with how sure it is. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Button, Label, Radio, RadioGroup } from 'react-aria-components'
import { call } from '../api/client.ts'
import { isModelMissing, useApi } from '../api/use-api.ts'
import type { Questionnaire } from '../../../client/schema.ts'
import { Failure, Loaded } from '../components/panel.tsx'
import { useFormats, useMessages, useSpeech } from '../i18n/language.tsx'
import { usePageTitle } from '../page-title.ts'

export function QuestionnairePage() {
  const { questionnaire } = useMessages()
  usePageTitle(questionnaire.title)
  const result = useApi('getQuestionnaire', {})
  const untrained = result.data === undefined && isModelMissing(result.error)
  return (
    <div className="page questionnaire">
      <header>
        <h1>{questionnaire.title}</h1>
        <p className="quiet">{questionnaire.text}</p>
      </header>
      {untrained ? (
        <p className="empty">{questionnaire.empty}</p>
      ) : (
        <Loaded result={result} lines={8}>
          {(form) => <QuestionForm form={form} />}
        </Loaded>
      )}
    </div>
  )
}

function QuestionForm({ form }: { readonly form: Questionnaire }) {
  const { language } = useSpeech()
  const messages = useMessages()
  const [answers, setAnswers] = useState<Readonly<Record<string, number>>>({})
  const entry = form.questions.flatMap(({ id }) => answers[id] ?? [])
  const complete = entry.length === form.questions.length
  return (
    <div className="questionnaire-body">
      <ol className="questions">
        {form.questions.map(({ id, text, options }) => (
          <li key={id}>
            <RadioGroup
              className="question"
              value={answers[id] === undefined ? null : String(answers[id])}
              onChange={(value) => setAnswers({ ...answers, [id]: Number(value) })}
            >
              <Label className="question-text">{text[language]}</Label>
              <div className="question-options">
                {options.map((option) => (
                  <Radio key={option.value} value={String(option.value)} className="question-option">
                    <Swatch question={id} english={option.text.en} />
                    {option.text[language]}
                  </Radio>
                ))}
              </div>
            </RadioGroup>
          </li>
        ))}
      </ol>
      <aside className="match panel" aria-live="polite">
        <h2>{messages.questionnaire.result}</h2>
        {complete ? (
          <Match form={form} entry={entry} />
        ) : (
          <p className="quiet">
            {messages.questionnaire.resultPending}
            <br />
            {messages.questionnaire.progress(String(entry.length), String(form.questions.length))}
          </p>
        )}
        {entry.length === 0 ? null : (
          <Button className="button" onPress={() => setAnswers({})}>
            {messages.questionnaire.again}
          </Button>
        )}
      </aside>
    </div>
  )
}

const colours = new Set(['red', 'orange', 'yellow', 'green', 'blue', 'purple', 'black', 'white'])

/** An option that is a colour shows it. */
function Swatch({ question, english }: { readonly question: string; readonly english: string }) {
  const name = english.toLowerCase()
  return question.startsWith('colo') && colours.has(name) ? <span className={`swatch swatch-${name}`} aria-hidden="true" /> : null
}

function Match({ form, entry }: { readonly form: Questionnaire; readonly entry: readonly number[] }) {
  const { questionnaire } = useMessages()
  const formats = useFormats()
  const result = useQuery({
    queryKey: ['answerQuestionnaire', form.model, entry],
    queryFn: ({ signal }) => call('answerQuestionnaire', { body: { entry, probabilities: true } }, signal),
    placeholderData: (previous: unknown) => previous as never,
    staleTime: Infinity,
  })
  if (result.isError) return <Failure error={result.error} retry={() => void result.refetch()} />
  if (result.data === undefined) return <p className="quiet">…</p>
  const numberOf = new Map(form.labels.map(({ id }, index) => [id, index + 1]))
  const nameOf = (label: { readonly id: string; readonly name: string | null }): string =>
    label.name ?? questionnaire.unnamed(formats.number(numberOf.get(label.id) ?? 0))
  const others = (result.data.probabilities ?? []).filter(({ id }) => id !== result.data.id).slice(0, 3)
  return (
    <>
      <p className="match-name">{nameOf(result.data)}</p>
      <Likelihood share={result.data.probability} text={questionnaire.sure(formats.percent(result.data.probability))} />
      <h3 className="quiet small">{questionnaire.alternatives}</h3>
      <ul className="match-others">
        {others.map((label) => (
          <li key={label.id}>
            <Likelihood share={label.probability} text={`${nameOf(label)} · ${formats.percent(label.probability)}`} />
          </li>
        ))}
      </ul>
      <p className="quiet small">{questionnaire.chance(formats.percent(1 / form.labels.length, 1))}</p>
      {form.better_than_chance ? null : <p className="notice small">{questionnaire.noBetter}</p>}
    </>
  )
}

function Likelihood({ share, text }: { readonly share: number; readonly text: string }) {
  return (
    <div className="likelihood">
      <span>{text}</span>
      <span className="likelihood-bar" aria-hidden="true">
        <span style={{ inlineSize: `${Math.round(share * 100)}%` }} />
      </span>
    </div>
  )
}
