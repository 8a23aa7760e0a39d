/** The app's own words; where it has none, the server's English ones, marked as such. */
export function Said({ own, server }: { readonly own: string | undefined; readonly server: string }) {
  return own === undefined ? <span lang="en">{server}</span> : <>{own}</>
}
