import { z } from 'zod';
import { consentTypes } from '../../domain/consent/consent';
import { consentIdOf, uuidOfConsentId } from '../../domain/consent/id';
import { consentStatuses } from '../../domain/consent/machine';
import { consentPermissions } from '../../domain/consent/permissions';
import { Secret } from '../../domain/secret';
import { listParameters, pageOf } from './list';
import { instant, timestamp } from './time';

const exampleId = consentIdOf('0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f');

export const consentType = z.enum(consentTypes, `must be one of ${consentTypes.join(', ')}`);

/** The path of one consent. It is the UUID of the URN that goes on to the handler. */
export const consentParams = z.object({
  consentId: z
    .string()
    .transform((text, context) => {
      const id = uuidOfConsentId(text);
      if (id !== null) return id;
      context.addIssue({ code: 'custom', message: 'must be a consent id' });
      return z.NEVER;
    })
    .meta({ example: exampleId }),
});

/** No message repeats the number: it is personal. */
const identification = z
  .string()
  .regex(/^\d{11}$/, 'must be 11 digits')
  .transform((digits) => new Secret(digits))
  .meta({
    writeOnly: true,
    example: '12345678909',
    description: 'Number of the CPF, digits only; its check digits are not verified. Stored encrypted, never shown.',
  });

const permission = z.enum(consentPermissions, 'must be a permission code of Open Finance Brasil');

/** The same date and time a year on. */
function inTwelveMonths(from: Date): Date {
  const then = new Date(from);
  then.setUTCFullYear(then.getUTCFullYear() + 1);
  return then;
}

export const newConsent = z
  .strictObject({
    type: consentType.meta({ description: 'Which webhooks of the Celcoin contract hear of it.' }),
    loggedUser: z.strictObject({
      document: z.strictObject({ identification, rel: z.literal('CPF', 'must be CPF') }),
    }),
    permissions: z
      .array(permission)
      .min(1)
      .max(100)
      .refine((codes) => new Set(codes).size === codes.length, 'must not name a permission twice'),
    expirationDateTime: instant
      .refine((at) => at > new Date(), 'must be in the future')
      .refine((at) => at <= inTwelveMonths(new Date()), 'must be within 12 months')
      .optional()
      .meta({
        description:
          'Until when what is agreed on holds, at most 12 months ahead. Kept with the consent; nothing happens at it, ' +
          'and the two deadlines are what they are, also when it lies before them.',
      }),
  })
  .meta({
    id: 'NewConsent',
    example: {
      type: 'DATA',
      loggedUser: { document: { identification: '12345678909', rel: 'CPF' } },
      permissions: ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'],
    },
  });

/** What every action on a consent takes. */
export const consentActionBody = z
  .strictObject({
    reason: z
      .string()
      .max(500)
      .optional()
      .meta({ description: 'Kept with the action; in no event, no answer and no log.', example: 'asked for by phone' }),
  })
  .meta({ id: 'ConsentAction' });

const shown = {
  consentId: z.string().meta({ description: 'A URN.', example: exampleId }),
  type: consentType,
  status: z.enum(consentStatuses),
  permissions: z.array(z.string()),
  createdAt: timestamp,
  statusUpdatedAt: timestamp.meta({
    description: 'When the action was accepted, or the deadline passed, that led to the status.',
  }),
  expiresAt: timestamp
    .nullable()
    .meta({ description: 'The deadline in force; null when nothing can expire any more.' }),
  workflowId: z.string(),
  temporalUrl: z
    .string()
    .nullable()
    .meta({ description: 'The run in the Temporal Web UI; null where none is set up.' }),
};
const example = {
  consentId: exampleId,
  type: 'DATA',
  status: 'AWAITING_AUTHORISATION',
  permissions: ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'],
  createdAt: '2026-01-15T09:30:00.000Z',
  statusUpdatedAt: '2026-01-15T09:30:00.000Z',
  expiresAt: '2026-01-15T10:30:00.000Z',
  workflowId: 'consent/0198c0de-0000-7000-8000-000000000001/0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f',
  temporalUrl: null,
};

export const shownConsent = z.strictObject(shown).meta({ id: 'Consent', example });
export type ShownConsent = z.infer<typeof shownConsent>;

/** A consent as it was last known, with an action that was accepted and will be carried out. */
export const consentWithAcceptance = z
  .strictObject({
    ...shown,
    acceptedAt: timestamp.meta({ description: 'The time of the action, whenever it is carried out.' }),
  })
  .meta({ id: 'ConsentWithAcceptance', example: { ...example, acceptedAt: '2026-01-15T09:31:00.000Z' } });

export const consentPage = pageOf(shownConsent);

export const consentListQuery = z.strictObject({
  ...listParameters,
  status: z.enum(consentStatuses).optional(),
  type: consentType.optional(),
});
