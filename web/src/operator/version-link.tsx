import { Link } from 'react-router'

/** A model's version, which leads to what is written down of it. */
export function VersionLink({ version }: { readonly version: string }) {
  return (
    <Link className="version" to={`/operator/models/${encodeURIComponent(version)}`}>
      {version}
    </Link>
  )
}
