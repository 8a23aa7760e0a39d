/** A title in a row: its poster, what there is to know at a glance, and what can be done about it. */
import { memo, useRef, useState } from 'react'
import { Button, Dialog, Popover } from 'react-aria-components'
import { Link } from 'react-router'
import type { HomeRow, Recommendation } from '../../../client/schema.ts'
import { Poster } from '../components/poster.tsx'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { useNotice } from '../notice.tsx'
import { useMayWrite } from '../session.tsx'
import { useDeeds } from './events.ts'
import { reasonText } from './reasons.ts'
import { ageText, nameOf } from './words.ts'

export type CardTitle = Recommendation | HomeRow['items'][number]

export const TitleCard = memo(function TitleCard({ title }: { readonly title: CardTitle }) {
  const messages = useMessages()
  const formats = useFormats()
  const name = nameOf(title, messages)
  const share = 'watched_share' in title ? title.watched_share : undefined
  const episode = 'episode' in title ? title.episode : undefined
  const facts = [
    episode === undefined || episode === null ? undefined : messages.title.episode(episode),
    title.genre,
    title.age_limit === null ? undefined : ageText(title.age_limit, messages),
  ].filter((fact) => fact !== undefined && fact !== null && fact !== '')
  return (
    <article className="card">
      <Link
        className="card-link"
        to={`/title/${encodeURIComponent(title.program_id)}`}
        state={{ reason: title.reason, because: title.because }}
      >
        <Poster id={title.program_id} name={name} genre={title.genre} />
        <span className="hidden-visually">{name}</span>
        {share === undefined || share === 0 ? null : (
          <span className="card-progress" role="img" aria-label={messages.title.progress(formats.percent(share))}>
            <span style={{ inlineSize: `${Math.round(share * 100)}%` }} />
          </span>
        )}
      </Link>
      <div className="card-foot">
        <ul className="quiet small card-facts">
          {facts.map((fact) => (
            <li key={fact}>{fact}</li>
          ))}
        </ul>
        <CardMenu title={title} name={name} />
      </div>
    </article>
  )
})

/** A hundred of these stand on a page, and few are opened: a plain button, and what it opens only then. */
function CardMenu({ title, name }: { readonly title: CardTitle; readonly name: string }) {
  const messages = useMessages()
  const [open, setOpen] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  return (
    <>
      <button
        ref={button}
        type="button"
        className="button plain icon-button card-menu"
        aria-label={messages.title.actions(name)}
        aria-haspopup="dialog"
        aria-expanded={open}
        onClick={() => setOpen(true)}
      >
        <span className="card-menu-dots" aria-hidden="true" />
      </button>
      {open ? (
        <Popover className="popover why" placement="bottom end" triggerRef={button} isOpen onOpenChange={setOpen}>
          <Dialog aria-label={messages.title.whyOf(name)} className="stack">
            <div>
              <p className="why-head">{messages.title.why}</p>
              <p>{reasonText(title, messages)}</p>
            </div>
            <DismissButton programId={title.program_id} name={name} onDone={() => setOpen(false)} />
          </Dialog>
        </Popover>
      ) : null}
    </>
  )
}

export function DismissButton({
  programId,
  name,
  onDone,
}: {
  readonly programId: string
  readonly name: string
  readonly onDone?: () => void
}) {
  const { title } = useMessages()
  const deeds = useDeeds()
  const say = useNotice()
  if (!useMayWrite()) return null
  return (
    <Button
      className="button"
      isDisabled={deeds.isPending}
      onPress={() =>
        deeds.mutate(
          { type: 'dismissal', programId },
          {
            onSuccess: () => {
              say(title.dismissed(name))
              onDone?.()
            },
          },
        )
      }
    >
      {title.notInterested}
    </Button>
  )
}
