// `node scripts/make-env.mjs [FILE]`: the secrets that docker-compose.yml asks for, made anew, into .env beside it.
// A file that is there stays: its passwords are in the volumes. Plain JavaScript, for any Node from 20 on.
import { createHash, randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const file = process.argv[2] ?? fileURLToPath(new URL('../.env', import.meta.url))
const shown = relative('', file)
// 256 bits in an alphabet that needs quoting nowhere: not in a URL, in SQL, in a shell or in this file.
const secret = () => randomBytes(32).toString('base64url')
const key = `matinee_${secret()}`

const lines = [
  '# Made by scripts/make-env.mjs for docker-compose.yml. Keep it to yourself, and with the backups.',
  ...['ROOT', 'LOADER', 'READER', 'EVENTS'].map((user) => `MYSQL_${user}_PASSWORD=${secret()}`),
  `POSTGRES_PASSWORD=${secret()}`,
  `S3_ACCESS_KEY=${randomBytes(10).toString('hex')}`,
  `S3_SECRET_KEY=${secret()}`,
  '# name:role:sha256 of a key, comma separated; "matinee key create NAME ROLE" makes more.',
  `MATINEE_API_KEYS=operator:admin:${createHash('sha256').update(key).digest('hex')}`,
]

try {
  writeFileSync(file, `${lines.join('\n')}\n`, { flag: 'wx', mode: 0o600 })
} catch (error) {
  const problem =
    error.code === 'EEXIST'
      ? `${shown} is there already, and what runs has its passwords; remove it only together with the volumes ("docker compose down --volumes")`
      : `cannot write ${shown}: ${error.message}`
  process.stderr.write(`make-env: ${problem}\n`)
  process.exit(1)
}
process.stdout.write(`Wrote ${shown}. The API's key, which is shown only now and stored nowhere:\n\n${key}\n\n`)
