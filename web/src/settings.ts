/** What this device remembers: nothing that signs anyone in. Without storage (a private window) it is forgotten. */
type Setting = 'language' | 'theme' | 'profile' | 'recent-profiles' | 'kids'

const keyOf = (setting: Setting): string => `matinee.${setting}`

export function readSetting(setting: Setting): unknown {
  try {
    const text = localStorage.getItem(keyOf(setting))
    return text === null ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

export function writeSetting(setting: Setting, value: unknown): void {
  try {
    if (value === undefined) localStorage.removeItem(keyOf(setting))
    else localStorage.setItem(keyOf(setting), JSON.stringify(value))
  } catch {
    // It holds until the page is left.
  }
}
