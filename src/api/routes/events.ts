/** What users did, told by clients: durable before the answer, and counted from the next request on. */
import { Compile } from 'typebox/compile'
import { MatineeError } from '../../contracts/errors.ts'
import type { ViewerEvent } from '../../contracts/serving-ports.ts'
import type { Api, ApiDependencies } from '../api.ts'
import {
  aheadMs,
  EventsAnswer,
  EventsBody,
  eventsAtMost,
  lateMs,
  ViewerEvent as ViewerEventSchema,
  type ViewerEventBody,
} from '../event-schemas.ts'
import type { LocalClock } from '../local-moment.ts'
import { problems, ref } from '../schema-parts.ts'
import { rateLimited, TokenBuckets, type Rate } from '../token-bucket.ts'

/** Events, of one key (or address, without keys). */
const defaultRate: Rate = { perSecond: 1000, burst: 5000 }

type Refused = EventsAnswer['refused'][number]

const eventCheck = Compile(ViewerEventSchema)

export function eventRoutes(app: Api, { events, clock, eventRate = defaultRate }: ApiDependencies): void {
  const buckets = new TokenBuckets(eventRate, { now: () => clock.nowMs() })
  app.post(
    '/v1/events',
    {
      schema: {
        operationId: 'postEvents',
        tags: ['events'],
        summary: 'A viewing, a click or a dismissal, or several',
        description: `At most ${eventsAtMost} events. Those accepted are durable when the answer comes and count from the next request of their user on, on every instance within a second. Each of the others is refused by itself with its reason; where a single event is sent by itself and refused, the answer is a problem document. Where the answer is lost, send the same again: an event counts once by its \`event_id\`.`,
        body: EventsBody,
        response: { 200: ref(EventsAnswer), ...problems(400, 413, 415, 429, 501, 503) },
      },
      // Each event is looked at by itself below: a malformed one must not take the others with it.
      validatorCompiler: () => () => true,
    },
    async (request) => {
      if (events === undefined) throw new MatineeError('not_configured', 'MATINEE_EVENTS_URL is not set: this server takes no events')
      const { batch, single } = batchOf(request.body)
      const caller = request.caller.role === 'admin' && request.caller.name === 'local' ? request.ip : request.caller.name
      const wait = buckets.take(caller, Math.min(batch.length, eventRate.burst))
      if (wait > 0) throw rateLimited(wait, `at most ${eventRate.perSecond} events a second are taken`)

      const refused: Refused[] = []
      const sound: { readonly index: number; readonly event: ViewerEvent }[] = []
      for (const [index, value] of batch.entries()) {
        const looked = lookAt(value, index, clock)
        if ('reason' in looked) refused.push(looked)
        else sound.push({ index, event: looked })
      }
      if (single && refused[0] !== undefined) throw new MatineeError('request_invalid', refused[0].detail)
      const outcomes = await events.append(sound.map(({ event }) => event))
      for (const [n, { index, event }] of sound.entries())
        if (outcomes[n] === 'conflict')
          refused.push({
            index,
            event_id: event.eventId,
            reason: 'conflict',
            detail: `event_id: ${event.eventId} belongs to another event`,
          })
      if (single && refused[0] !== undefined) throw new MatineeError('request_invalid', refused[0].detail)
      const count = (outcome: string): number => outcomes.filter((one) => one === outcome).length
      return {
        accepted: count('stored'),
        repeated: count('repeated'),
        refused: refused.toSorted((a, b) => a.index - b.index),
      }
    },
  )
}

const invalid = (problem: string): MatineeError =>
  new MatineeError('request_invalid', `${problem}; send one event, or {"events": […]} with at most ${eventsAtMost}`)

/** @throws MatineeError `request_invalid` where there is nothing to look at one by one. */
function batchOf(body: unknown): { readonly batch: readonly unknown[]; readonly single: boolean } {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('the body is not an object')
  if (!('events' in body)) return { batch: [body], single: true }
  if (Object.keys(body).length > 1) throw invalid('beside events nothing else is known')
  const { events } = body
  if (!Array.isArray(events)) throw invalid('events is not a list')
  if (events.length === 0 || events.length > eventsAtMost) throw invalid(`events has ${events.length} entries`)
  return { batch: events, single: false }
}

function lookAt(value: unknown, index: number, clock: LocalClock): ViewerEvent | Refused {
  const refuse = (reason: Refused['reason'], detail: string): Refused => ({ index, event_id: idOf(value), reason, detail })
  if (!eventCheck.Check(value)) return refuse('malformed', explained(value))
  const nowMs = clock.nowMs()
  const atMs = value.at === undefined ? nowMs : Date.parse(value.at)
  if (Number.isNaN(atMs)) return refuse('malformed', `at: ${value.at} is not a moment that exists`)
  if (atMs < nowMs - lateMs) return refuse('late', `at: ${value.at} is more than ${lateMs / 86_400_000} days ago`)
  if (atMs > nowMs + aheadMs) return refuse('future', `at: ${value.at} is more than ${aheadMs / 60_000} minutes ahead`)
  return eventOf(value, atMs, clock)
}

const eventOf = (body: ViewerEventBody, atMs: number, clock: LocalClock): ViewerEvent => ({
  eventId: body.event_id,
  type: body.type,
  userId: body.user,
  programId: body.program_id,
  atMs,
  localTime: clock.text(atMs),
  episode: body.episode_num ?? null,
  watchedSeconds: body.use_tms ?? null,
  lengthSeconds: body.disp_rtm_sec ?? null,
})

function explained(value: unknown): string {
  const [first] = eventCheck.Errors(value)
  if (first === undefined) return 'not an event'
  const field = first.instancePath.slice(1)
  return `${field === '' ? 'event' : field}: ${first.message}; /docs shows what an event is`
}

/** As far as it can be read. */
function idOf(value: unknown): string | null {
  const id = typeof value === 'object' && value !== null && 'event_id' in value ? value.event_id : undefined
  return typeof id === 'string' ? id.slice(0, 128) : null
}
