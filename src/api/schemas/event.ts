import { z } from 'zod';
import { findEventType } from '../../domain/event-catalogue';
import { eventIdPattern, type JsonObject } from '../../domain/event';
import { bodyLimit } from '../middleware/json-body';
import { shownUuid, uuid } from './id';
import { fitsJsonBytes } from './json-size';
import { listParameters, pageOf, timeParameters } from './list';
import { instant, timestamp } from './time';

export const eventId = z
  .string()
  .regex(eventIdPattern, 'must be 1 to 128 characters of A-Z a-z 0-9 _ - :')
  .meta({ example: 'invoice-2026-0001' });

/** The path of one event: the publisher's id. */
export const eventParams = z.object({ id: eventId });

/** Names of event types, in subscriptions and filters. */
export const typeName = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[\w.:]+$/, 'must be the name of an event type')
  .transform((name) => findEventType(name)?.name ?? name);

/** Names of channels, of events and webhooks. */
export const channelName = z.string().regex(/^[\w.:-]{1,128}$/, 'must be 1 to 128 characters of A-Z a-z 0-9 _ . : -');

export const maxBatch = 1000;

export const newEvent = z
  .strictObject({
    id: eventId.optional().meta({ description: 'Receivers dedupe by it; generated when left out.' }),
    type: z.string().min(1).max(200).meta({ example: 'everhook.test' }),
    // Not z.record: that would copy each key of each payload. The JSON reader has looked at them already.
    payload: z
      .custom<JsonObject>(
        (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
        'must be an object',
      )
      .meta({ override: { type: 'object', additionalProperties: true }, example: { message: 'Hello' } }),
    occurredAt: instant.optional(),
    webhookId: uuid.optional().meta({ description: 'Narrows the event to one webhook.' }),
    channel: channelName.optional().meta({ description: 'Narrows it to webhooks of this channel and those of none.' }),
  })
  .meta({
    id: 'NewEvent',
    example: {
      id: 'credential-5f6a1c1e',
      type: 'OpenIdCredentialIssued',
      payload: { credentialId: '5f6a1c1e-8f0b-4f0a-9a57-0d8f1b7a3c11' },
      occurredAt: '2026-01-15T09:30:00.000Z',
    },
  });
export type NewEventBody = z.infer<typeof newEvent>;

/** A batch is longer than a single event may be; none of its events is. */
const batchedEvent = newEvent.refine(({ payload }) => fitsJsonBytes(payload, bodyLimit), {
  path: ['payload'],
  error: `must not be larger than ${bodyLimit / 1024} KiB`,
});
export const newEventBatch = z.strictObject({ events: z.array(batchedEvent).min(1).max(maxBatch) });

export const publishHeaders = z.object({
  'Idempotency-Key': eventId.optional().meta({ description: 'An alternative to `id` in the body.' }),
});

const published = {
  id: eventId,
  type: z.string(),
  duplicate: z.boolean().meta({ description: 'Published before with the same content; nothing is sent again.' }),
  deliveries: z.array(z.strictObject({ id: shownUuid, webhookId: shownUuid })),
};
export const publishedEvent = z.strictObject(published).meta({
  id: 'PublishedEvent',
  example: {
    id: 'credential-5f6a1c1e',
    type: 'OpenIdCredentialIssued',
    duplicate: false,
    deliveries: [{ id: '0198c0de-7f3b-7001-8000-3a1b2c4d5e6f', webhookId: '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f' }],
  },
});
export type PublishedEvent = z.infer<typeof publishedEvent>;

const refusedEvent = z.strictObject({
  id: eventId.nullable(),
  status: z.union([z.literal(409), z.literal(422)]),
  detail: z.string(),
  errors: z.array(z.strictObject({ pointer: z.string(), message: z.string() })),
});
export const batchResults = z
  .strictObject({ results: z.array(z.union([z.strictObject({ ...published, status: z.literal(202) }), refusedEvent])) })
  .meta({ id: 'BatchResults' });
export type BatchResult = z.infer<typeof batchResults>['results'][number];

const shown = {
  id: eventId,
  type: z.string(),
  occurredAt: timestamp,
  webhookId: shownUuid.nullable(),
  channel: channelName.nullable(),
  createdAt: timestamp,
};
export const listedEvent = z.strictObject(shown).meta({ id: 'ListedEvent' });
export const shownEvent = z
  .strictObject({
    ...shown,
    payload: z.record(z.string(), z.unknown()).nullable().meta({ description: 'Null: it is no longer kept.' }),
  })
  .meta({ id: 'Event' });
export const eventPage = pageOf(listedEvent);
export const eventListQuery = z.strictObject({ ...listParameters, ...timeParameters, type: typeName.optional() });
