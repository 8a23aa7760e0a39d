/** What `POST /v1/events` takes and answers. */
import { Type, type Static } from 'typebox'
import { eventTypes } from '../contracts/serving-ports.ts'
import { nullable, oneOf, ProgramId, shared, UserId } from './schema-parts.ts'

/** Events of one request. */
export const eventsAtMost = 500
/** Age from which an event is refused, and how far a client's clock may run ahead, in milliseconds. */
export const lateMs = 7 * 86_400_000
export const aheadMs = 5 * 60_000

export const ViewerEvent = shared(
  'ViewerEvent',
  Type.Object(
    {
      event_id: Type.String({
        pattern: '^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$',
        description: 'Made by the client, such as a UUID; the same event sent again has the same and counts once',
      }),
      type: oneOf(eventTypes, '`viewing`: watched; `click`: looked at; `dismissal`: do not show it again'),
      user: UserId,
      program_id: ProgramId,
      at: Type.Optional(
        Type.String({
          pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})$',
          description: 'When it happened (RFC 3339); absent: now. At most 7 days ago and at most 5 minutes ahead',
          examples: ['2024-01-07T21:03:11+09:00'],
        }),
      ),
      episode_num: Type.Optional(nullable(Type.String({ maxLength: 64, description: 'Of a series' }))),
      use_tms: Type.Optional(
        nullable(Type.Number({ minimum: 0, maximum: 1e7, description: 'Of a viewing: seconds watched; absent: all of it' })),
      ),
      disp_rtm_sec: Type.Optional(
        nullable(Type.Number({ exclusiveMinimum: 0, maximum: 1e7, description: 'Of a viewing: seconds of the programme' })),
      ),
    },
    {
      additionalProperties: false,
      description: 'Something that a user did with a title',
      examples: [
        {
          event_id: '6f1c1b0e-8f0a-4f7e-9d7e-2f6d3c1a9b10',
          type: 'viewing',
          user: '1001',
          program_id: '20',
          at: '2024-01-07T21:03:11+09:00',
          episode_num: '3',
          use_tms: 1280,
          disp_rtm_sec: 2700,
        },
      ],
    },
  ),
)
export type ViewerEventBody = Static<typeof ViewerEvent>

/**
 * A single event, or `{"events": […]}`. What each event must be is looked at one by one, so that a malformed one does not take the others
 * with it; the schema says it in words.
 */
export const EventsBody = Type.Unsafe<Readonly<Record<string, unknown>>>({
  type: 'object',
  description: `One event, or \`{"events": […]}\` with at most ${eventsAtMost} of them`,
  anyOf: [
    { $ref: ViewerEvent.$id },
    {
      type: 'object',
      required: ['events'],
      properties: { events: { type: 'array', items: { $ref: ViewerEvent.$id }, minItems: 1, maxItems: eventsAtMost } },
      additionalProperties: false,
    },
  ],
})

export const EventsAnswer = shared(
  'EventsAnswer',
  Type.Object(
    {
      accepted: Type.Integer({ description: 'Events that are durable now and count from the next request on' }),
      repeated: Type.Integer({ description: 'Events that were there already' }),
      refused: Type.Array(
        Type.Object({
          index: Type.Integer({ description: 'Place in the request, from 0' }),
          event_id: nullable(Type.String()),
          reason: oneOf(['malformed', 'late', 'future', 'conflict'], '`conflict`: the id belongs to another event'),
          detail: Type.String(),
        }),
        { description: 'Events that are not stored; sending them again unchanged does not help' },
      ),
    },
    {
      description: 'What became of each event',
      examples: [
        {
          accepted: 2,
          repeated: 0,
          refused: [{ index: 1, event_id: 'tv-17', reason: 'late', detail: 'at: 2023-01-07T21:03:11+09:00 is more than 7 days ago' }],
        },
      ],
    },
  ),
)
export type EventsAnswer = Static<typeof EventsAnswer>

export const eventSchemas = [ViewerEvent, EventsAnswer] as const
