import { z } from 'zod';
import { CommandFailure } from './failure';

/** What the command line reads of the API's answers (contracts 7.2 to 7.4); an API of another version may say more. */

export const attemptDocument = z.object({
  number: z.number(),
  startedAt: z.string(),
  durationMs: z.number(),
  statusCode: z.number().nullable(),
  errorClass: z.string().nullable(),
  responseBody: z.string().nullish(),
  responseHeaders: z.record(z.string(), z.string()).nullish(),
});
export type AttemptDocument = z.infer<typeof attemptDocument>;

export const deliveryDocument = z.object({
  id: z.string(),
  eventId: z.string(),
  eventType: z.string(),
  webhookId: z.string(),
  status: z.string(),
  lastErrorClass: z.string().nullish(),
  attempts: z.array(attemptDocument).default([]),
  nextAttemptAt: z.string().nullish(),
  createdAt: z.string(),
  completedAt: z.string().nullish(),
  workflowId: z.string().nullish(),
  temporalUrl: z.string().nullish(),
});
export type DeliveryDocument = z.infer<typeof deliveryDocument>;

export const webhookDocument = z.object({
  id: z.string(),
  contract: z.string(),
  targetUrl: z.string(),
  events: z.array(z.string()),
  channels: z.array(z.string()).default([]),
  description: z.string().nullish(),
  disabled: z.boolean(),
  authType: z.string().nullish(),
  timeoutMs: z.number(),
  maxRetries: z.number(),
  headers: z.record(z.string(), z.string()).default({}),
  createdAt: z.string(),
  updatedAt: z.string().nullish(),
  secret: z.string().optional(),
});
export type WebhookDocument = z.infer<typeof webhookDocument>;

export const eventTypeDocument = z.object({
  name: z.string(),
  contract: z.string(),
  builtIn: z.boolean().default(true),
  aliases: z.array(z.string()).default([]),
  description: z.string(),
  schema: z.record(z.string(), z.unknown()).nullish(),
  example: z.record(z.string(), z.unknown()).nullish(),
  updatedAt: z.string().nullish(),
});
export type EventTypeDocument = z.infer<typeof eventTypeDocument>;

export const publishedDocument = z.object({
  id: z.string(),
  type: z.string(),
  duplicate: z.boolean(),
  deliveries: z.array(z.object({ id: z.string(), webhookId: z.string() })),
});
export type PublishedDocument = z.infer<typeof publishedDocument>;

export const consentDocument = z.object({
  consentId: z.string(),
  type: z.string(),
  status: z.string(),
  permissions: z.array(z.string()).default([]),
  createdAt: z.string(),
  statusUpdatedAt: z.string(),
  expiresAt: z.string().nullish(),
  workflowId: z.string().nullish(),
  temporalUrl: z.string().nullish(),
  /** Of an action that was accepted and not carried out yet. */
  acceptedAt: z.string().optional(),
});
export type ConsentDocument = z.infer<typeof consentDocument>;

export const credentialDocument = z.object({
  id: z.string(),
  appName: z.string(),
  appSlug: z.string().nullish(),
  developer: z.string(),
  credentialType: z.string(),
  status: z.string(),
  apiKeyId: z.string().nullish(),
  clientId: z.string().nullish(),
  usagePlans: z.array(z.string()).default([]),
  scopes: z.array(z.string()).default([]),
  steps: z
    .array(
      z.object({
        operation: z.string().optional(),
        name: z.string(),
        status: z.string(),
        at: z.string(),
        error: z.string().optional(),
      }),
    )
    .default([]),
  createdAt: z.string().nullish(),
  workflowId: z.string().nullish(),
  temporalUrl: z.string().nullish(),
});
export type CredentialDocument = z.infer<typeof credentialDocument>;

export const secretDocument = z.object({ secret: z.string() });
export const idDocument = z.object({ id: z.string() });

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ data: z.array(item), nextCursor: z.string().nullish() });

/** The document as the schema has it. @throws CommandFailure when the API answered something else. */
export function read<Schema extends z.ZodType>(schema: Schema, document: unknown): z.infer<Schema> {
  const result = schema.safeParse(document);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new CommandFailure(
    `the API's answer is not what this version expects: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
  );
}
