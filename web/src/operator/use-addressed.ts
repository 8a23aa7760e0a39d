/** What a page's address holds of its choices, so that a link shows what its sender saw. */
import { useSearchParams } from 'react-router'

/**
 * Search parameters of the address and how to change some of them; an empty value takes one out.
 * A change begins from the address itself, which is ahead of what was drawn last: two choices made before the next
 * drawing would otherwise undo each other.
 */
export function useAddress(): readonly [URLSearchParams, (changes: Readonly<Record<string, string>>) => void] {
  const [search, setSearch] = useSearchParams()
  const change = (changes: Readonly<Record<string, string>>): void => {
    const next = new URLSearchParams(window.location.search)
    for (const [name, value] of Object.entries(changes)) {
      if (value === '') next.delete(name)
      else next.set(name, value)
    }
    setSearch(next, { replace: true })
  }
  return [search, change]
}

/** The address's own value where it is one of `allowed`, else `usual`, which no address names. */
export function useAddressed<Value extends string>(
  name: string,
  allowed: readonly Value[],
  usual: Value,
): readonly [Value, (value: Value) => void] {
  const [search, change] = useAddress()
  const asked = search.get(name)
  return [allowed.find((one) => one === asked) ?? usual, (value) => change({ [name]: value === usual ? '' : value })]
}
