/** A title in a row: its poster, what there is to know at a glance, and what can be done about it. */
import { useState } from 'react'
import { Button, Dialog, DialogTrigger, Popover } from 'react-aria-components'
import { Link } from 'react-router'
import { Poster } from '../components/poster.tsx'
import { useFormats, useMessages } from '../i18n/language.tsx'
import { reasonText } from './reasons.ts'
import type { RowTitle } from './rows.ts'
import { ageText, nameOf } from './words.ts'

export function TitleCard({ title, onDismiss }: { readonly title: RowTitle; readonly onDismiss?: (title: RowTitle) => void }) {
  const messages = useMessages()
  const formats = useFormats()
  const name = nameOf(title, messages)
  const share = title.watched_share
  return (
    <article className="card">
      <Link className="card-link" to={`/title/${encodeURIComponent(title.program_id)}`}>
        <Poster id={title.program_id} name={name} genre={title.genre} />
        {share === undefined || share === 0 ? null : (
          <span className="card-progress" role="img" aria-label={messages.title.progress(formats.percent(share))}>
            <span style={{ inlineSize: `${Math.round(share * 100)}%` }} />
          </span>
        )}
        <span className="card-name">{name}</span>
      </Link>
      <div className="card-foot">
        <span className="quiet small card-facts">
          {[
            title.episode === undefined || title.episode === null ? undefined : messages.title.episode(title.episode),
            title.genre,
            title.age_limit === null ? undefined : ageText(title.age_limit, messages),
          ]
            .filter((fact) => fact !== undefined && fact !== null)
            .join(' · ')}
        </span>
        <CardMenu title={title} name={name} onDismiss={onDismiss} />
      </div>
    </article>
  )
}

interface CardMenuProps {
  readonly title: RowTitle
  readonly name: string
  readonly onDismiss: ((title: RowTitle) => void) | undefined
}

function CardMenu({ title, name, onDismiss }: CardMenuProps) {
  const messages = useMessages()
  const [open, setOpen] = useState(false)
  return (
    <DialogTrigger isOpen={open} onOpenChange={setOpen}>
      <Button className="button plain icon-button card-menu" aria-label={messages.title.actions(name)}>
        <svg viewBox="0 0 20 20" width="18" height="18" aria-hidden="true" fill="currentColor">
          <circle cx="4" cy="10" r="1.7" />
          <circle cx="10" cy="10" r="1.7" />
          <circle cx="16" cy="10" r="1.7" />
        </svg>
      </Button>
      <Popover className="popover why" placement="bottom end">
        <Dialog aria-label={messages.title.whyOf(name)} className="stack">
          <div>
            <p className="why-head">{messages.title.why}</p>
            <p>{reasonText(title.reason, messages)}</p>
          </div>
          {onDismiss === undefined ? null : (
            <Button
              className="button"
              onPress={() => {
                setOpen(false)
                onDismiss(title)
              }}
            >
              {messages.title.notInterested}
            </Button>
          )}
        </Dialog>
      </Popover>
    </DialogTrigger>
  )
}
