import type { EventType } from '../event-type';

const purchase = {
  contract: 'iceye',
  schema: {
    type: 'object',
    properties: {
      purchaseId: { type: 'string', minLength: 1, description: 'The purchase, as the catalog named it' },
      status: {
        type: 'string',
        minLength: 1,
        description: 'Its status, as getPurchase tells it: closed once the products are delivered, failed, …',
      },
    },
    required: ['purchaseId', 'status'],
    additionalProperties: true,
  },
} as const;

/** The events of contracts section 3. */
export const iceyeEventTypes: readonly EventType[] = [
  {
    ...purchase,
    name: 'purchase.delivered',
    description: 'The delivery of a purchased product is complete.',
    example: { purchaseId: '766cc4d6-7754-448e-9c6c-0ef3d209d65e', status: 'closed' },
  },
  {
    ...purchase,
    name: 'purchase.failed',
    description: 'A purchase could not be fulfilled, or an error occurred.',
    example: { purchaseId: '766cc4d6-7754-448e-9c6c-0ef3d209d65e', status: 'failed' },
  },
];
