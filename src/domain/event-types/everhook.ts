import type { EventType } from '../event-type';
import {
  compensationFailedEvent,
  compensationFailedType,
  deliveryFailedEvent,
  deliveryFailedType,
  webhookRecoveredEvent,
  webhookRecoveredType,
} from '../operational-events';
import { webhookDisabledEvent, webhookDisabledType } from '../webhook-disabled';

const webhook = {
  webhookId: { type: 'string', format: 'uuid' },
  contract: { type: 'string', description: 'The contract it is registered by' },
  description: { type: ['string', 'null'], description: 'As it was registered with' },
};
const time = (description: string) => ({ type: 'string', format: 'date-time', description });
const shownWebhook = {
  webhookId: '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f',
  contract: 'everhook',
  description: 'Invoices to the warehouse',
} as const;

/** Everhook's own events; tenants add theirs (`PUT /api/v1/event-types/{name}`). */
export const everhookEventTypes: readonly EventType[] = [
  {
    name: 'everhook.test',
    contract: 'everhook',
    description: 'A test event: publish it to see a delivery arrive.',
    schema: {
      type: 'object',
      properties: { message: { type: 'string' } },
      additionalProperties: true,
    },
    example: { message: 'Hello from Everhook' },
  },
  {
    name: webhookDisabledType,
    contract: 'everhook',
    description:
      'A webhook of yours was disabled, because all attempts at it failed for days. Repair its receiver, then enable it again; deliveries that failed can be recovered.',
    schema: {
      type: 'object',
      properties: {
        webhookId: { type: 'string', format: 'uuid' },
        contract: { type: 'string', description: 'The contract it is registered by' },
        description: { type: ['string', 'null'], description: 'As it was registered with' },
        reason: { enum: ['failing'] },
        failingSince: {
          type: 'string',
          format: 'date-time',
          description: 'The first failure that no success followed',
        },
        disabledAt: { type: 'string', format: 'date-time' },
      },
      required: ['webhookId', 'contract', 'reason', 'failingSince', 'disabledAt'],
      additionalProperties: true,
    },
    example: webhookDisabledEvent({
      webhookId: '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f',
      contract: 'everhook',
      description: 'Invoices to the warehouse',
      failingSince: new Date('2026-01-10T09:30:00.000Z'),
      disabledAt: new Date('2026-01-15T09:30:00.000Z'),
    }).payload,
  },
  {
    name: webhookRecoveredType,
    contract: 'everhook',
    description:
      'A webhook of yours answers again: nothing had reached it for a minute at least, or it had been disabled for that. Deliveries that failed meanwhile can be recovered.',
    schema: {
      type: 'object',
      properties: {
        ...webhook,
        failingSince: time('The first failure that no success followed'),
        recoveredAt: time('The first success after it'),
      },
      required: ['webhookId', 'contract', 'failingSince', 'recoveredAt'],
      additionalProperties: true,
    },
    example: webhookRecoveredEvent({
      ...shownWebhook,
      failingSince: new Date('2026-01-15T09:30:00.000Z'),
      recoveredAt: new Date('2026-01-15T09:42:00.000Z'),
    }).payload,
  },
  {
    name: deliveryFailedType,
    contract: 'everhook',
    description:
      'Deliveries to a webhook of yours failed for good: all retries are used up. Told once a minute and webhook at most, with all that failed since; the first ten are named. Not told of events such as this one.',
    schema: {
      type: 'object',
      properties: {
        ...webhook,
        count: { type: 'integer', minimum: 1, description: 'Deliveries that failed' },
        since: time('When the first of them failed'),
        until: time('When the last of them failed'),
        deliveries: {
          type: 'array',
          minItems: 1,
          maxItems: 10,
          items: {
            type: 'object',
            properties: {
              deliveryId: { type: 'string', format: 'uuid' },
              eventId: { type: 'string' },
              eventType: { type: 'string' },
              errorClass: { type: ['string', 'null'], description: 'Of the last attempt' },
              failedAt: { type: 'string', format: 'date-time' },
            },
            required: ['deliveryId', 'eventId', 'eventType', 'errorClass', 'failedAt'],
            additionalProperties: true,
          },
        },
      },
      required: ['webhookId', 'contract', 'count', 'since', 'until', 'deliveries'],
      additionalProperties: true,
    },
    example: deliveryFailedEvent({
      ...shownWebhook,
      count: 1,
      deliveries: [
        {
          deliveryId: '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e70',
          eventId: 'invoice-2026-0042',
          eventType: 'invoice.paid',
          errorClass: 'http_status',
          failedAt: new Date('2026-01-15T09:30:14.000Z'),
        },
      ],
      until: new Date('2026-01-15T09:30:14.000Z'),
    }).payload,
  },
  {
    name: compensationFailedType,
    contract: 'everhook',
    description:
      'An operation on credentials could not be undone: AWS may hold what it should not until an operator, or the sweep that tries it again, has repaired it. Told once until then.',
    schema: {
      type: 'object',
      properties: {
        credentialId: { type: 'string', format: 'uuid' },
        credentialType: { enum: ['API_KEY', 'CLIENT_CREDENTIALS'] },
        code: { type: ['string', 'null'], description: 'Why the operation was to be undone' },
        failedAt: { type: 'string', format: 'date-time' },
      },
      required: ['credentialId', 'credentialType', 'code', 'failedAt'],
      additionalProperties: true,
    },
    example: compensationFailedEvent({
      credentialId: '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e71',
      credentialType: 'API_KEY',
      operationId: '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e72',
      code: 'deadline',
      failedAt: new Date('2026-01-15T09:30:00.000Z'),
    }).payload,
  },
];
