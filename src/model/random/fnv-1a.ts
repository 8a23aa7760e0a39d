/** FNV-1a of 32 bits (Fowler, Noll, Vo), of a text's 16-bit units in place of bytes: unsigned, the same for ever. Not for secrets. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193)
  return hash >>> 0
}
