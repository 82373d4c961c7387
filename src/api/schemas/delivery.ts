import { z } from 'zod';
import { deliveryStatuses, errorClasses } from '../../domain/delivery';
import { eventId, typeName } from './event';
import { shownUuid, uuid } from './id';
import { listParameters, pageOf, timeParameters } from './list';
import { timestamp } from './time';

const attempt = z
  .strictObject({
    number: z.int().min(1),
    startedAt: timestamp,
    durationMs: z.int(),
    statusCode: z.int().nullable(),
    errorClass: z.enum(errorClasses).nullable(),
    responseBody: z.string().optional().meta({ description: 'First KiB of the answer.' }),
    responseHeaders: z
      .record(z.string(), z.string())
      .nullable()
      .meta({
        description:
          'Headers of the answer to an attempt that failed, by lower-case name, of each its first value: up to 40, each value ' +
          'cut at 256 characters, 4,096 in all. Values of cookies and of what looks like a secret are `[redacted]`, for clients without `webhooks:read` those of URLs too. Null: the ' +
          'attempt succeeded, there was no whole answer, or it is no longer kept.',
      }),
  })
  .meta({ id: 'Attempt' });

const shown = {
  id: shownUuid,
  eventId,
  eventType: z.string(),
  webhookId: shownUuid,
  status: z.enum(deliveryStatuses),
  lastErrorClass: z.enum(errorClasses).nullable().meta({ description: 'Of its last attempt, where that failed.' }),
  nextAttemptAt: timestamp.nullable(),
  createdAt: timestamp,
  completedAt: timestamp.nullable(),
  workflowId: z.string().meta({
    description: 'The workflow that carries it: its own, or the burst that made its last attempt.',
  }),
  temporalUrl: z
    .string()
    .nullable()
    .meta({ description: 'The run in the Temporal Web UI; null where none is set up.' }),
};

export const listedDelivery = z.strictObject(shown).meta({ id: 'ListedDelivery' });
export type ListedDelivery = z.infer<typeof listedDelivery>;
const withAttempts = {
  ...shown,
  attempts: z.array(attempt),
  retrySchedule: z.array(z.int()).meta({ description: 'Milliseconds to wait before each retry.' }),
};
export const shownDelivery = z.strictObject(withAttempts).meta({
  id: 'Delivery',
  example: {
    id: '0198c0de-7f3b-7001-8000-3a1b2c4d5e6f',
    eventId: 'credential-5f6a1c1e',
    eventType: 'OpenIdCredentialIssued',
    webhookId: '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f',
    status: 'pending',
    lastErrorClass: 'http_status',
    attempts: [
      {
        number: 1,
        startedAt: '2026-01-15T09:30:00.012Z',
        durationMs: 41,
        statusCode: 503,
        errorClass: 'http_status',
        responseBody: 'try again later',
        responseHeaders: {
          'content-type': 'text/plain',
          'retry-after': '2',
          server: 'nginx',
          'x-request-id': '7f3a1b',
        },
      },
    ],
    retrySchedule: [2000, 4000, 8000],
    nextAttemptAt: '2026-01-15T09:30:02.053Z',
    createdAt: '2026-01-15T09:30:00.000Z',
    completedAt: null,
    workflowId:
      'delivery/0198c0de-0000-7000-8000-000000000001/0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f/0198c0de-7f3b-7000-8000-000000000002',
    temporalUrl: null,
  },
});
export type ShownDelivery = z.infer<typeof shownDelivery>;
export const deliveryPage = pageOf(listedDelivery);

export const deliveryListQuery = z.strictObject({
  ...listParameters,
  ...timeParameters,
  status: z.enum(deliveryStatuses).optional(),
  webhookId: uuid.optional(),
  eventId: eventId.optional(),
  eventType: typeName.optional(),
  errorClass: z
    .enum(errorClasses)
    .optional()
    .meta({
      description:
        'Only those whose last attempt failed so: failed ones, pending ones that are tried again, and cancelled ones. One ' +
        'that was delivered after all is none of them.',
    }),
});

/** The delivery that a retry or a cancellation is about: a new one when a finished one is sent again. */
export const deliveryReference = z.strictObject({ id: shownUuid });

/** Actions that take nothing; a body is optional. */
export const emptyBody = z.strictObject({});
