/** A choice that stands in the page's address, so that a link shows what its sender saw. */
import { useSearchParams } from 'react-router'

/** The address's own value where it is one of `allowed`, else `usual`, which no address names. */
export function useAddressed<Value extends string>(
  name: string,
  allowed: readonly Value[],
  usual: Value,
): readonly [Value, (value: Value) => void] {
  const [search, setSearch] = useSearchParams()
  const asked = search.get(name)
  const set = (value: Value): void =>
    setSearch(
      (current) => {
        const next = new URLSearchParams(current)
        if (value === usual) next.delete(name)
        else next.set(name, value)
        return next
      },
      { replace: true },
    )
  return [allowed.find((one) => one === asked) ?? usual, set]
}
