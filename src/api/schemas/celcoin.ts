import { z } from 'zod';
import { consentTypes } from '../../domain/consent/consent';
import { shownUuid } from './id';
import { listParameters, pageOf } from './list';
import { timestamp } from './time';
import { webhookAuth } from './webhook';

export const celcoinTokenRequest = z
  .strictObject({
    client_id: z.string().min(1),
    client_secret: z.string().min(1).meta({ writeOnly: true, format: 'password' }),
  })
  .meta({ id: 'CelcoinTokenRequest' });

export const celcoinToken = z
  .strictObject({
    access_token: z.string(),
    expires_in: z.int(),
    refresh_expires_in: z.literal(0),
    token_type: z.literal('Bearer'),
    'not-before-policy': z.literal(0),
    scope: z.literal('email profile').meta({ description: 'What the contract says; the token has all of its scopes.' }),
  })
  .meta({ id: 'CelcoinToken' });

/** Everything but the rules between the keys, which depend on `isAuthenticated`. */
const registration = z.strictObject({
  endpoint: z.string().min(1).meta({ example: 'https://www.my-domain.com/webhook' }),
  isAuthenticated: z.boolean().default(false),
  authenticationType: z
    .string()
    .default('')
    .meta({ description: '`BASIC`, in any case, when `isAuthenticated`; else empty.' }),
  user: z.string().default('').meta({ description: 'Not empty when `isAuthenticated`; else empty.' }),
  password: z
    .string()
    .default('')
    .meta({ description: 'Not empty when `isAuthenticated`; else empty.', writeOnly: true, format: 'password' }),
  type: z.enum(consentTypes).meta({ description: 'The stream of consents whose events it gets.' }),
});

export type CelcoinRegistration = z.infer<typeof registration>;

const ruleBreaks = (body: CelcoinRegistration): { key: keyof CelcoinRegistration; message: string }[] => {
  if (!body.isAuthenticated) {
    // A secret that is not used must not be stored, and one that was meant to be used must not be forgotten.
    const unused = (['authenticationType', 'user', 'password'] as const).filter((key) => body[key] !== '');
    return unused.map((key) => ({ key, message: 'must be empty unless isAuthenticated is true' }));
  }
  if (body.authenticationType.toUpperCase() !== 'BASIC') {
    return [{ key: 'authenticationType', message: 'must be BASIC' }];
  }
  const basic = webhookAuth.safeParse(basicAuthOf(body));
  const keys = { username: 'user', password: 'password' } as const;
  return (basic.error?.issues ?? []).map(({ path: [at], message }) => ({
    key: keys[at as keyof typeof keys],
    message,
  }));
};

/** The native form of a registration's Basic authentication. */
export const basicAuthOf = ({ user, password }: CelcoinRegistration) =>
  ({ type: 'basic', username: user, password }) as const;

export const celcoinRegistration = registration
  .superRefine((body, context) => {
    for (const { key, message } of ruleBreaks(body)) context.addIssue({ code: 'custom', message, path: [key] });
  })
  .meta({
    id: 'CelcoinRegistration',
    example: {
      endpoint: 'https://www.my-domain.com/webhook',
      isAuthenticated: false,
      authenticationType: '',
      user: '',
      password: '',
      type: 'DATA',
    },
  });

export const celcoinInterceptor = z
  .strictObject({
    id: shownUuid,
    endpoint: z.string(),
    isAuthenticated: z.boolean(),
    authenticationType: z.enum(['BASIC', '']),
    user: z.string(),
    type: z.enum(consentTypes),
    createdAt: timestamp,
  })
  .meta({ id: 'CelcoinInterceptor' });

export type CelcoinInterceptor = z.infer<typeof celcoinInterceptor>;

export const celcoinListQuery = z.strictObject(listParameters);

export const celcoinInterceptorPage = pageOf(celcoinInterceptor);

const details = z
  .array(z.strictObject({ field: z.string(), message: z.string() }))
  .optional()
  .meta({ description: 'What is wrong with which key of the body or query.' });

export const celcoinTokenError = z
  .strictObject({
    error: z.string().meta({ example: 'invalid_client', description: 'As RFC 6749 names errors.' }),
    message: z.string().optional().meta({ description: 'Absent for `invalid_client`.' }),
    details,
  })
  .meta({ id: 'CelcoinTokenError' });

export const celcoinError = z
  .strictObject({
    error: z.string().meta({ example: 'invalid_request' }),
    message: z.string(),
    details,
  })
  .meta({ id: 'CelcoinError' });
