import { z } from 'zod';
import { consentActions, consentEvents, consentStatuses } from '../../domain/consent/machine';
import { timestamp } from './time';

const step = z.strictObject({
  on: z.enum([...consentActions, 'deadline']).meta({ description: 'An action, or the deadline in force that passed.' }),
  status: z.enum(consentStatuses).meta({ description: 'What the consent became.' }),
  at: timestamp.meta({ description: 'The time of acceptance, or the deadline itself.' }),
  event: z.enum(consentEvents).nullable().meta({ description: 'What receivers were told; null: nothing.' }),
});

export const consentHistory = z
  .strictObject({
    consentId: z.string(),
    createdAt: timestamp,
    decisionDeadline: timestamp.meta({ description: 'Until when a decision was, or is, possible.' }),
    consumptionDeadline: timestamp
      .nullable()
      .meta({ description: 'Until when it could, or can, be consumed; null: there has been no decision.' }),
    steps: z.array(step),
    outstanding: z
      .array(z.strictObject({ action: z.enum(consentActions), acceptedAt: timestamp }))
      .meta({ description: 'Accepted, and not carried out yet.' }),
    serverTime: timestamp.meta({ description: 'For counting down: a browser’s clock may be wrong.' }),
  })
  .meta({
    id: 'ConsentHistory',
    example: {
      consentId: 'urn:everhook:0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f',
      createdAt: '2026-01-15T09:30:00.000Z',
      decisionDeadline: '2026-01-15T10:30:00.000Z',
      consumptionDeadline: '2026-01-15T10:42:00.000Z',
      steps: [{ on: 'approve', status: 'AUTHORISED', at: '2026-01-15T09:32:00.000Z', event: 'consent:approved' }],
      outstanding: [],
      serverTime: '2026-01-15T09:33:00.000Z',
    },
  });
export type ShownConsentHistory = z.infer<typeof consentHistory>;
