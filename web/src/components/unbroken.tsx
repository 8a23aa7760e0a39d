const weekOrVersion = /(\d{4}-W\d{2}(?:-[0-9a-f]{8})?)/

/** A text in which weeks and versions stay on one line, though they have hyphens. */
export function Unbroken({ text }: { readonly text: string }) {
  // What the pattern matches has the odd places.
  return text.split(weekOrVersion).map((part, place) =>
    place % 2 === 0 ? (
      part
    ) : (
      <span key={place} className="version">
        {part}
      </span>
    ),
  )
}
