import { consentTypes } from '../consent/consent';
import { consentPayload, requestedPayload } from '../consent/event';
import { consentStatuses, type ConsentEvent, type ConsentState } from '../consent/machine';
import type { EventType } from '../event-type';

const timestamp = (description: string) => ({ type: 'string', format: 'date-time', description });

const schema = {
  type: 'object',
  properties: {
    consentId: { type: 'string', minLength: 1, description: 'The consent: `urn:everhook:<uuid>`' },
    status: {
      enum: ['REQUESTED', ...consentStatuses],
      description: 'Where the consent stands after the event; REQUESTED before there is one',
    },
    type: { enum: [...consentTypes], description: 'The stream it belongs to: only webhooks of that type get it' },
    createdAt: timestamp('When the consent was created'),
    statusUpdateDateTime: timestamp('When it came to this status'),
    expiresAt: timestamp('The deadline in force; absent when there is none'),
    expiredAt: timestamp('The deadline that passed, of an expired consent'),
  },
  required: ['consentId', 'status', 'type'],
  additionalProperties: true,
};

const subject = {
  id: '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f',
  type: 'DATA',
  createdAt: new Date('2026-01-15T09:30:00.000Z'),
} as const;

const state = (status: ConsentState['status'], since: string, expiresAt?: string): ConsentState => ({
  status,
  since: new Date(since),
  expiresAt: expiresAt === undefined ? null : new Date(expiresAt),
});
const [created, decided] = ['2026-01-15T09:30:00.000Z', '2026-01-15T09:42:00.000Z'];
const [decisionDeadline, consumptionDeadline] = ['2026-01-15T10:30:00.000Z', '2026-01-15T10:52:00.000Z'];

const events: Record<ConsentEvent, { description: string; example: EventType['example'] }> = {
  'before:consent:create': {
    description: 'A request to create a consent came in. The consent is not validated yet and may never exist.',
    example: requestedPayload(subject),
  },
  'after:consent:create': {
    description: 'The consent is validated and created.',
    example: consentPayload(subject, state('AWAITING_AUTHORISATION', created, decisionDeadline)),
  },
  'consent:approved': {
    description: 'The user approved the consent.',
    example: consentPayload(subject, state('AUTHORISED', decided, consumptionDeadline)),
  },
  'consent:rejected': {
    description: 'The user rejected the consent.',
    example: consentPayload(subject, state('REJECTED', decided, consumptionDeadline)),
  },
  'consent:expired': {
    description: 'The consent was not decided in time after its creation, or not consumed in time after the decision.',
    example: consentPayload(subject, state('EXPIRED', decisionDeadline)),
  },
  'consent:revoke': {
    description: 'The user revoked the consent, usually after approving it.',
    example: consentPayload(subject, state('REVOKED', '2026-01-15T09:55:00.000Z')),
  },
};

/** The events of contracts section 2.3; the payload is what a consent tells of itself. */
export const celcoinEventTypes: readonly EventType[] = Object.entries(events).map(([name, type]) => ({
  name,
  contract: 'celcoin',
  schema,
  ...type,
}));
