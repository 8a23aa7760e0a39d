/** A real browser, driven by playwright. */
import { chromium, type Browser } from 'playwright-core'
import { findChromium } from './programs.ts'

/** Close it when the test is done; playwright ends it with this process otherwise. */
export async function launchChromium(): Promise<Browser> {
  // Chromium refuses its sandbox to root, as which containers run.
  return chromium.launch({
    executablePath: await findChromium(),
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--disable-dev-shm-usage'],
  })
}
