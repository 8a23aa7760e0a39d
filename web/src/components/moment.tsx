import { useFormats } from '../i18n/language.tsx'

/** A moment in the zone of the browser; its whole form for machines, and for whoever points at it. */
export function Moment({ at }: { readonly at: string }) {
  const formats = useFormats()
  return (
    <time dateTime={at} title={at}>
      {formats.time(at)}
    </time>
  )
}
