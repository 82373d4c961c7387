import type { EventType } from '../event-type';

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
];
