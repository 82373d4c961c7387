import { z } from 'zod';
import { checkCustomHeader } from '../../domain/custom-headers';
import { maxTypeName } from '../../domain/event-type';
import { profiles } from '../../domain/profiles';
import { defaultMaxRetries } from '../../domain/retry-schedule';
import { isWildcard } from '../../domain/subscription';
import { contracts } from '../../domain/webhook';
import { channelName, typeName } from './event';
import { shownUuid } from './id';
import { booleanParameter, listParameters, pageOf } from './list';
import { timestamp, instant } from './time';

const maxHeaders = 20;
const minTimeoutMs = 100;

/** No control characters; what Basic authentication can carry. */
const printable = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[^\u0000-\u001f\u007f-\u009f]*$/, 'must not contain control characters');

const noauth = z.strictObject({ type: z.literal('noauth') });
const basic = z.strictObject({
  type: z.literal('basic'),
  username: printable(255).regex(/^[^:]*$/, 'must not contain a colon'),
  password: printable(1024).meta({ writeOnly: true, format: 'password' }),
});
const clientCredential = z.strictObject({
  type: z.literal('client_credential'),
  clientID: printable(255),
  clientSecret: printable(1024).meta({ writeOnly: true, format: 'password' }),
  tokenURL: z.string().min(1).meta({ description: 'Judged by the same rules as the target.' }),
});

/** How Everhook authenticates at the receiver; secrets are write-only. */
export const webhookAuth = z.discriminatedUnion('type', [noauth, basic, clientCredential]).meta({ id: 'WebhookAuth' });

const withoutDoubles = (names: string[]) => new Set(names).size === names.length;

/** What a webhook wants, in the form that the API takes; whether there is such a type depends on tenant and contract. */
export const eventNames = z
  .array(
    z
      .string()
      .min(1)
      .max(maxTypeName)
      .refine(
        (name) => isWildcard(name) || typeName.safeParse(name).success,
        'is not an event type; a prefix such as invoice.*, or * for all',
      ),
  )
  .min(1)
  .max(100)
  .refine(withoutDoubles, 'must not name an event type twice')
  .meta({
    description: 'Names of event types, prefixes such as `invoice.*` or `consent:*`, or `*`.',
    example: ['invoice.*', 'OpenIdCredentialIssued'],
  });

/** Narrows what a webhook gets to events that are published to one of these. */
const channelNames = z
  .array(channelName)
  .max(10)
  .refine(withoutDoubles, 'must not name a channel twice')
  .meta({
    description: 'Only events that are published to one of these channels; empty: events of any channel and of none.',
    example: ['customer-42'],
  });

export const customHeaders = z
  .record(z.string(), z.string())
  .superRefine((headers, context) => {
    const names = Object.keys(headers);
    const report = (message: string, path: string[] = []) => context.addIssue({ code: 'custom', message, path });
    if (names.length > maxHeaders) report(`must not be more than ${maxHeaders} headers`);
    if (new Set(names.map((name) => name.toLowerCase())).size < names.length) report('must not name a header twice');
    for (const name of names) {
      const problem = checkCustomHeader(name, headers[name] ?? '');
      if (problem) report(problem, [name]);
    }
  })
  .meta({ example: { 'X-Environment': 'production' } });

const timeoutMs = (max: number) =>
  z.int().min(minTimeoutMs).max(max).meta({ description: 'Of a whole attempt, from DNS to the end of the body.' });
const maxRetries = (max: number) => z.int().min(0).max(max);

export const newWebhook = z
  .strictObject({
    targetUrl: z.string().min(1).meta({ example: 'https://example.com/hooks' }),
    events: eventNames,
    description: z.string().max(1000).optional(),
    disabled: z.boolean().default(false),
    auth: webhookAuth.nullish(),
    headers: customHeaders.default({}),
    channels: channelNames.default([]),
    timeoutMs: timeoutMs(profiles.everhook.maxTimeoutMs).default(profiles.everhook.defaultTimeoutMs),
    maxRetries: maxRetries(profiles.everhook.maxRetriesLimit).default(defaultMaxRetries),
  })
  .meta({
    id: 'NewWebhook',
    example: {
      targetUrl: 'https://example.com/hooks',
      events: ['invoice.*', 'OpenIdCredentialIssued'],
      auth: { type: 'basic', username: 'everhook', password: 'correct horse battery staple' },
      headers: { 'X-Environment': 'production' },
    },
  });

/** Each contract's own bounds are checked once the webhook is known. */
export const webhookChanges = z
  .strictObject({
    disabled: z.boolean().optional(),
    events: eventNames.optional(),
    timeoutMs: timeoutMs(60_000).optional(),
    maxRetries: maxRetries(10).optional(),
    headers: customHeaders.optional(),
    channels: channelNames.optional(),
  })
  .meta({ id: 'WebhookChanges', example: { disabled: true, maxRetries: 5 } });

const shown = {
  id: shownUuid,
  contract: z.enum(contracts),
  targetUrl: z.string(),
  events: z.array(z.string()),
  channels: z.array(z.string()),
  description: z.string().nullable(),
  disabled: z.boolean(),
  authType: z.enum(['noauth', 'basic', 'client_credential']),
  timeoutMs: z.int(),
  maxRetries: z.int(),
  headers: z.record(z.string(), z.string()).meta({ description: 'Values of secret headers read `[redacted]`.' }),
  createdAt: timestamp,
  updatedAt: timestamp,
};

const example: z.input<z.ZodObject<typeof shown>> = {
  id: '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f',
  contract: 'everhook',
  targetUrl: 'https://example.com/hooks',
  events: ['OpenIdCredentialIssued'],
  channels: [],
  description: null,
  disabled: false,
  authType: 'basic',
  timeoutMs: 3000,
  maxRetries: 3,
  headers: { 'X-Environment': 'production', 'X-Api-Key': '[redacted]' },
  createdAt: '2026-01-15T09:30:00.000Z',
  updatedAt: '2026-01-15T09:30:00.000Z',
};

export const shownWebhook = z.strictObject(shown).meta({ id: 'Webhook', example });
export type ShownWebhook = z.infer<typeof shownWebhook>;

const signingSecret = z
  .string()
  .regex(/^whsec_/)
  .meta({ description: 'Standard Webhooks secret; shown this once.' });

export const createdWebhook = z.strictObject({ ...shown, secret: signingSecret }).meta({
  id: 'CreatedWebhook',
  example: { ...example, secret: 'whsec_c2hvd24gdGhpcyBvbmNlLCBzbyBrZWVwIGl0IHNhZmU=' },
});
export const webhookPage = pageOf(shownWebhook);

export const webhookListQuery = z.strictObject({
  ...listParameters,
  contract: z.enum(contracts).optional(),
  disabled: booleanParameter.optional(),
});

export const secretRotation = z.strictObject({
  graceSeconds: z.int().min(0).max(604_800).default(86_400).meta({
    description: 'How long the secret before signs too.',
  }),
});
export const rotatedSecret = z.strictObject({ secret: signingSecret });

export const recovery = z
  .strictObject({ since: instant, until: instant.optional(), dryRun: z.boolean().default(false) })
  .refine(({ since, until }) => until === undefined || since < until, {
    path: ['until'],
    error: 'must be after since',
  });
export const recoveryCount = z.strictObject({ count: z.int() });

export const statsQuery = z.strictObject({
  since: instant.optional().meta({ description: 'Of deliveries made then or later; 24 hours ago by default.' }),
});

const milliseconds = z.int().nullable();
export const webhookStats = z
  .strictObject({
    since: timestamp,
    deliveries: z.strictObject({ pending: z.int(), delivered: z.int(), failed: z.int(), cancelled: z.int() }),
    successRate: z.number().nullable().meta({ description: 'delivered / (delivered + failed); null before either.' }),
    durationMs: z
      .strictObject({ p50: milliseconds, p95: milliseconds, p99: milliseconds })
      .meta({ description: 'Of attempts; null when there was none.' }),
  })
  .meta({
    id: 'WebhookStats',
    example: {
      since: '2026-01-15T09:30:00.000Z',
      deliveries: { pending: 2, delivered: 97, failed: 3, cancelled: 0 },
      successRate: 0.97,
      durationMs: { p50: 41, p95: 180, p99: 950 },
    },
  });
