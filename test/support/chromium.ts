/** A real browser, driven by playwright. */
import { chromium, type Browser } from 'playwright-core'
import { findChromium } from './programs.ts'

/**
 * Close it when the test is done; playwright ends it with this process otherwise.
 * It has no sandbox, which containers do not allow, and is for our own pages alone.
 */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: await findChromium(), args: ['--disable-dev-shm-usage'] })
}
