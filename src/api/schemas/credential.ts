import { z } from 'zod';
import { credentialStatuses, credentialTypes, operationKinds } from '../../domain/credential/credential';
import { shownUuid } from './id';
import { listParameters, pageOf, timeParameters } from './list';
import { timestamp } from './time';

const step = z.strictObject({
  operation: z.enum(operationKinds),
  name: z.string().meta({ example: 'attach-usage-plan 1el57v' }),
  status: z.enum(['running', 'done', 'failed']),
  at: timestamp,
  error: z.string().optional(),
});

const awsId = z.string().nullable();

export const shownCredential = z
  .strictObject({
    id: shownUuid,
    appName: z.string(),
    appSlug: z.string().nullable(),
    developer: z.string(),
    credentialType: z.enum(credentialTypes),
    status: z.enum(credentialStatuses),
    apiKeyId: awsId.optional().meta({ description: 'Of an API key; null until AWS has made it.' }),
    clientId: awsId.optional().meta({ description: 'Of an app client; null until AWS has made it.' }),
    usagePlans: z.array(z.string()),
    scopes: z.array(z.string()).optional().meta({ description: 'Of an app client.' }),
    steps: z.array(step).meta({ description: 'Every call on AWS, in the order of doing.' }),
    createdAt: timestamp,
    updatedAt: timestamp,
    workflowId: z.string(),
    temporalUrl: z
      .string()
      .nullable()
      .meta({ description: 'The run in the Temporal Web UI; null where none is set up.' }),
  })
  .meta({
    id: 'Credential',
    description: 'Never with a key value or a secret: only AWS keeps those.',
    example: {
      id: '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f',
      appName: 'my new aws app',
      appSlug: '590d83b5c05f',
      developer: 'dev@example.com',
      credentialType: 'API_KEY',
      status: 'active',
      apiKeyId: 'k3yid00001',
      usagePlans: ['1el57v'],
      steps: [{ operation: 'create', name: 'create-api-key', status: 'done', at: '2026-01-15T09:30:00.000Z' }],
      createdAt: '2026-01-15T09:30:00.000Z',
      updatedAt: '2026-01-15T09:30:01.000Z',
      workflowId: 'credential/0198c0de-0000-7000-8000-000000000001/mYyWgJ2R5cZmZ1sJkFJ0mO6wZ8Cn0pQ3rTq1r0cUu7M',
      temporalUrl: null,
    },
  });
export type ShownCredential = z.infer<typeof shownCredential>;

export const credentialPage = pageOf(shownCredential);

export const credentialListQuery = z.strictObject({
  ...listParameters,
  ...timeParameters,
  status: z.enum(credentialStatuses).optional(),
  credentialType: z.enum(credentialTypes).optional(),
});
