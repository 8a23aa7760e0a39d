/** `npm run build:web`: the web app into dist/web, where the API serves it from. `npx vite web` serves it with a running API behind. */
import react from '@vitejs/plugin-react'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, gzip } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

/** React Aria brings its few words in 34 languages; the app speaks two. */
const twoLanguages: Plugin = {
  name: 'two-languages',
  enforce: 'pre',
  resolveId(source, importer) {
    const language = /\/([a-z]{2}-[A-Z]{2})\.m?js$/.exec(source)?.[1]
    if (language === undefined || language === 'en-US' || language === 'ko-KR' || !importer?.includes('react-')) return undefined
    return this.resolve(source.replace(language, 'en-US'), importer, { skipSelf: true })
  },
}

const target = fileURLToPath(new URL('../dist/web', import.meta.url))

/** Each text beside itself, compressed once: the server sends what the browser takes. */
const compressed: Plugin = {
  name: 'compressed',
  apply: 'build',
  async closeBundle() {
    const assets = join(target, 'assets')
    for (const name of await readdir(assets)) {
      if (!/\.(js|css|svg)$/.test(name)) continue
      const bytes = await readFile(join(assets, name))
      await writeFile(join(assets, `${name}.gz`), await promisify(gzip)(bytes, { level: 9 }))
      await writeFile(join(assets, `${name}.br`), await promisify(brotliCompress)(bytes))
    }
  },
}

const api = process.env['MATINEE_API'] ?? 'http://127.0.0.1:8080'

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [twoLanguages, react(), compressed],
  build: {
    outDir: target,
    emptyOutDir: true,
    target: 'es2023',
    // The content security policy has no data: URLs and no inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
  },
  server: {
    fs: { allow: [fileURLToPath(new URL('..', import.meta.url))] },
    proxy: { '/v1': api, '/readyz': api, '/healthz': api, '/metrics': api, '/docs': api, '/recommendations': api },
  },
})
