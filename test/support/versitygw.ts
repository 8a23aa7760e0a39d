/** A real S3 server over a temporary folder. */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort, requireListener } from '../../src/adapters/tools/free-port.ts'
import { startServerProcess } from '../../src/adapters/tools/server-process.ts'
import type { StoreLocation } from '../../src/config/locations.ts'
import { findVersityGw } from './programs.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { startTestServer, type TestServer } from './test-server.ts'

export interface VersityGw extends TestServer {
  readonly endpoint: string
  /** For a process that shall reach it: what AWS's default chain reads. */
  readonly environment: Readonly<Record<string, string>>
  /** Where the server keeps its objects: `<folder>/<bucket>/<key>`. */
  readonly folder: string
  createBucket(name: string): Promise<void>
  location(bucket: string, prefix?: string): Extract<StoreLocation, { kind: 's3' }>
  /** The same as a value for MATINEE_STORE_URL. */
  url(bucket: string, prefix?: string): string
}

const credentials = { AWS_ACCESS_KEY_ID: 'matinee-test', AWS_SECRET_ACCESS_KEY: 'matinee-test-secret', AWS_REGION: 'us-east-1' } as const

/** Also sets this process's AWS environment to the server's credentials. */
export async function startVersityGw(): Promise<VersityGw> {
  const command = await findVersityGw()
  const home = await temporaryFolder('s3')
  const folder = join(home, 'objects')
  await mkdir(folder)
  const port = await freePort()
  const endpoint = `http://127.0.0.1:${port}`
  const server = await startTestServer(() =>
    startServerProcess(
      {
        name: 'versitygw',
        command,
        args: ['--port', `127.0.0.1:${port}`, '--quiet', 'posix', folder],
        environment: {
          ...process.env,
          ROOT_ACCESS_KEY: credentials.AWS_ACCESS_KEY_ID,
          ROOT_SECRET_KEY: credentials.AWS_SECRET_ACCESS_KEY,
          VGW_REGION: credentials.AWS_REGION,
        },
        logPath: join(home, 'versitygw.log'),
        probe: () => requireListener('127.0.0.1', port),
      },
      'store_unreachable',
    ),
  )
  const environment = { ...credentials, AWS_EC2_METADATA_DISABLED: 'true' }
  Object.assign(process.env, environment)
  return {
    ...server,
    endpoint,
    folder,
    environment,
    createBucket: (name) => mkdir(join(folder, name)),
    location: (bucket, prefix = '') => ({ kind: 's3', bucket, prefix, endpoint, region: credentials.AWS_REGION }),
    url: (bucket, prefix = '') => `s3://${bucket}/${prefix}?region=${credentials.AWS_REGION}&endpoint=${encodeURIComponent(endpoint)}`,
  }
}
