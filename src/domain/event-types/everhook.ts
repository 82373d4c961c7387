import type { EventType } from '../event-type';
import { webhookDisabledEvent, webhookDisabledType } from '../webhook-disabled';

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
];
