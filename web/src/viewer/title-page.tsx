/** One title: what it is, why it was suggested, what is like it; and watching it. */
import { useState } from 'react'
import { Button, Label, Slider, SliderOutput, SliderThumb, SliderTrack } from 'react-aria-components'
import { Link, useLocation, useParams } from 'react-router'
import { useApi } from '../api/use-api.ts'
import type { Program } from '../../../client/schema.ts'
import { Loaded } from '../components/panel.tsx'
import { Poster } from '../components/poster.tsx'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { useNotice } from '../notice.tsx'
import { usePageTitle } from '../page-title.ts'
import { useMayWrite } from '../session.tsx'
import { useDeeds } from './events.ts'
import { useProfile } from './profile.tsx'
import { reasonText } from './reasons.ts'
import { Shelves, ShelfPlaceholder } from './shelf.tsx'
import { DismissButton } from './title-card.tsx'
import { ageText, nameOf } from './words.ts'

export function TitlePage() {
  const { id = '' } = useParams()
  const messages = useMessages()
  const result = useApi('getProgram', { path: { id } })
  usePageTitle(result.data === undefined ? undefined : nameOf(result.data, messages))
  return (
    <div className="page title-page">
      {result.data === undefined ? <h1 className="quiet">{messages.title.unnamed(id)}</h1> : null}
      <Loaded result={result} lines={6}>
        {(title) => <Title key={title.program_id} title={title} />}
      </Loaded>
    </div>
  )
}

function Title({ title }: { readonly title: Program }) {
  const messages = useMessages()
  const formats = useFormats()
  const { maxAge } = useProfile()
  const mayWrite = useMayWrite()
  const name = nameOf(title, messages)
  if (maxAge !== undefined && (title.age_limit === null || title.age_limit > maxAge))
    return (
      <div className="stack not-for-kids">
        <h1>{messages.title.notForKidsTitle}</h1>
        <p className="notice">{messages.title.notForKids}</p>
        <Link className="button" to="/">
          {messages.common.backHome}
        </Link>
      </div>
    )
  const facts = [title.genre, title.category, ageText(title.age_limit, messages)].filter((fact) => fact !== null && fact !== '')
  return (
    <>
      <div className="title-head">
        <Poster id={title.program_id} name={name} genre={title.genre} />
        <div className="title-text">
          <h1>{name}</h1>
          <ul className="facts">
            {facts.map((fact) => (
              <li key={fact}>{fact}</li>
            ))}
            {title.recommendable ? null : <li>{messages.title.notRecommendable}</li>}
          </ul>
          <p className="quiet">
            {title.release_date === null ? null : `${messages.title.released} ${title.release_date} · `}
            {messages.title.viewersCount(formats.number(title.viewers))}
          </p>
          <Why />
          {mayWrite ? <Watch title={title} name={name} /> : null}
        </div>
      </div>
      <SimilarTitles id={title.program_id} />
    </>
  )
}

/** Why it was suggested, where the visitor came from a row. */
function Why() {
  const messages = useMessages()
  const reasoned = reasonedOf(useLocation().state)
  if (reasoned === undefined) return null
  return (
    <p className="why-line">
      <strong>{messages.title.why}</strong> {reasonText(reasoned, messages)}
    </p>
  )
}

type Reasoned = Parameters<typeof reasonText>[0]

function reasonedOf(state: unknown): Reasoned | undefined {
  if (typeof state !== 'object' || state === null || !('reason' in state) || typeof state.reason !== 'string') return undefined
  const because = 'because' in state ? (state.because as Reasoned['because']) : undefined
  return { reason: state.reason, ...(because === undefined ? {} : { because }) }
}

/** There is no film here: watching is saying how far one got. */
function Watch({ title, name }: { readonly title: Program; readonly name: string }) {
  const messages = useMessages()
  const formats = useFormats()
  const say = useNotice()
  const deeds = useDeeds()
  const [share, setShare] = useState<number>()
  if (share === undefined)
    return (
      <div className="title-actions">
        <Button className="button primary" onPress={() => setShare(1)}>
          {messages.title.watch}
        </Button>
        <DismissButton programId={title.program_id} name={name} />
      </div>
    )
  return (
    <div className="player">
      <Slider
        value={share}
        onChange={setShare}
        minValue={0.05}
        maxValue={1}
        step={0.05}
        formatOptions={{ style: 'percent' }}
        className="slider"
      >
        <div className="slider-head">
          <Label>{messages.title.howFar}</Label>
          <SliderOutput className="quiet">{formats.percent(share)}</SliderOutput>
        </div>
        <SliderTrack className="slider-track">
          <span className="slider-fill" style={{ inlineSize: `calc(${((share - 0.05) / 0.95) * 100}% + 10px)` }} />
          <SliderThumb className="slider-thumb" />
        </SliderTrack>
      </Slider>
      <div className="title-actions">
        <Button
          className="button primary"
          isDisabled={deeds.isPending}
          onPress={() =>
            deeds.mutate(
              { type: 'viewing', programId: title.program_id, share },
              {
                onSuccess: () => {
                  say(messages.title.watchedNote)
                  setShare(undefined)
                },
              },
            )
          }
        >
          {messages.title.stopHere}
        </Button>
        <Button className="button" onPress={() => setShare(undefined)}>
          {messages.common.cancel}
        </Button>
      </div>
    </div>
  )
}

function SimilarTitles({ id }: { readonly id: string }) {
  const messages = useMessages()
  const { maxAge } = useProfile()
  const result = useApi('getSimilar', { path: { id }, query: { k: 20, ...(maxAge === undefined ? {} : { max_age: maxAge }) } })
  return (
    <Loaded
      result={result}
      placeholder={<ShelfPlaceholder count={1} />}
      empty={{ when: ({ items }) => items.length === 0, text: messages.title.similarEmpty }}
    >
      {({ items }) => <Shelves rows={[{ id, heading: messages.title.similar, titles: items }]} />}
    </Loaded>
  )
}
