/**
 * `npm run build:kernels`: compiles src/kernels to src/model/kernels/kernels.wasm.ts, the WebAssembly module as text. It is committed, so
 * that a clone runs without a build; a test compiles it again and compares.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { main } from 'assemblyscript/asc'

const target = new URL('../src/model/kernels/kernels.wasm.ts', import.meta.url)

const options =
  'src/kernels/index.ts --outFile kernels.wasm -O3 --noAssert --runtime stub --enable simd --enable relaxed-simd --enable threads --disableWarning 112 ' +
  '--importMemory --noExportMemory --sharedMemory --initialMemory 1 --maximumMemory 65536'

/** The text of the file, as it should be. */
export async function kernelsFile(): Promise<string> {
  let compiled: Uint8Array | undefined
  const { error } = await main([...options.split(' '), '--baseDir', fileURLToPath(new URL('..', import.meta.url))], {
    stderr: process.stderr,
    writeFile: (_name, contents) => {
      if (typeof contents !== 'string') compiled = contents
    },
  })
  if (error !== null || compiled === undefined) throw new Error('the kernels do not compile', { cause: error })
  const lines =
    Buffer.from(compiled)
      .toString('base64')
      .match(/.{1,120}/g) ?? []
  return [
    '/** The compiled kernels of src/kernels, as base64. Written by `npm run build:kernels`; a test builds it again. */',
    'export const kernelsBase64 =',
    ...lines.map((line, n) => `  '${line}'${n === lines.length - 1 ? '' : ' +'}`),
    '',
  ].join('\n')
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(target, await kernelsFile())
