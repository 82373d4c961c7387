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
  })
  .meta({ id: 'Attempt' });

const shown = {
  id: shownUuid,
  eventId,
  eventType: z.string(),
  webhookId: shownUuid,
  status: z.enum(deliveryStatuses),
  nextAttemptAt: timestamp.nullable(),
  createdAt: timestamp,
  completedAt: timestamp.nullable(),
  workflowId: z.string(),
  temporalUrl: z
    .string()
    .nullable()
    .meta({ description: 'The run in the Temporal Web UI; null where none is set up.' }),
};

export const listedDelivery = z.strictObject(shown).meta({ id: 'ListedDelivery' });
export type ListedDelivery = z.infer<typeof listedDelivery>;
export const shownDelivery = z.strictObject({ ...shown, attempts: z.array(attempt) }).meta({ id: 'Delivery' });
export type ShownDelivery = z.infer<typeof shownDelivery>;
export const deliveryPage = pageOf(listedDelivery);

export const deliveryListQuery = z.strictObject({
  ...listParameters,
  ...timeParameters,
  status: z.enum(deliveryStatuses).optional(),
  webhookId: uuid.optional(),
  eventId: eventId.optional(),
  eventType: typeName.optional(),
});

/** The delivery that a retry or a cancellation is about: a new one when a finished one is sent again. */
export const deliveryReference = z.strictObject({ id: shownUuid });

/** Actions that take nothing; a body is optional. */
export const emptyBody = z.strictObject({});
