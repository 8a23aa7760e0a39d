/** Light, dark, or as the system is; styles/base.css does the rest with light-dark(). */
import { readSetting, writeSetting } from './settings.ts'

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

export function keptTheme(): Theme {
  const kept = readSetting('theme')
  return themes.find((theme) => theme === kept) ?? 'system'
}

export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}

export function chooseTheme(theme: Theme): void {
  writeSetting('theme', theme === 'system' ? undefined : theme)
  applyTheme(theme)
}
