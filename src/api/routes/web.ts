/**
 * The web app, as `npm run build:web` leaves it in dist/web. Its pages are one document, which holds no data: that
 * comes from the API, to whoever may have it. Files below /assets have their content's digest in their name.
 */
import fastifyStatic from '@fastify/static'
import type { FastifyReply } from 'fastify'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { projectFile } from '../../project-files.ts'
import type { Api } from '../api.ts'

const built = projectFile('dist/web')

/** The addresses of the app's own routes: what is not among them stays a 404 of the API. */
const pages = ['/', '/profiles', '/questionnaire', '/sign-in', '/title/:id', '/operator', '/operator/*'] as const

const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export async function webRoutes(app: Api, folder = built): Promise<void> {
  await app.register(fastifyStatic, { root: folder, serve: false, preCompressed: true, cacheControl: false })

  const sendPage = async (reply: FastifyReply): Promise<FastifyReply> => {
    if (!(await isThere(join(folder, 'index.html'))))
      return reply.code(503).type('text/plain; charset=utf-8').send('The web app is not built here. Build it with: npm run build:web\n')
    return reply.headers({ 'content-security-policy': contentPolicy, 'cache-control': 'no-cache' }).sendFile('index.html')
  }
  for (const url of pages)
    app.get(url, { config: { access: 'public' }, schema: { hide: true } }, async (_request, reply) => sendPage(reply))

  app.get<{ Params: { '*': string } }>('/assets/*', { config: { access: 'public' }, schema: { hide: true } }, async (request, reply) =>
    reply.sendFile(`assets/${request.params['*']}`, { cacheControl: true, maxAge: '365d', immutable: true }),
  )
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )
