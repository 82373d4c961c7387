import { z } from 'zod';
import { credentialTypes } from '../../domain/credential/credential';

/** As AWS makes them; also a part of AWS's paths, so no dots and slashes. */
const awsId = z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'must be an id of AWS');
const appName = z.string().trim().min(1).max(1000).meta({ example: 'my new aws app' });
const appSlug = z.string().trim().min(1).max(256).meta({ example: '590d83b5c05f' });
const developer = z.string().trim().min(1).max(320).meta({ example: 'dev@example.com' });
const credentialType = z.enum(credentialTypes, `must be one of ${credentialTypes.join(', ')}`);

/** The portal may leave out what it does not know, or send null for it. */
const orNull = <Schema extends z.ZodType>(schema: Schema) => schema.nullish().transform((value) => value ?? undefined);

const usagePlans = z
  .array(z.object({ id: awsId }))
  .max(100)
  .nullish()
  .transform((plans) => plans ?? []);

const apis = z
  .array(z.object({ id: awsId, usagePlans }))
  .max(100)
  .refine(
    (list) => new Set(list.flatMap((api) => api.usagePlans.map(({ id }) => id))).size <= 100,
    'must not name more than 100 usage plans',
  );

/** Keys that are not here are ignored: the vendor adds some without a version. */
export const createCredentials = z
  .object({ appName, appSlug: orNull(appSlug), developer, apis, credentialType: orNull(credentialType) })
  .meta({
    id: 'SensediaCreateCredentials',
    example: {
      appName: 'my new aws app',
      appSlug: '590d83b5c05f',
      developer: 'dev@example.com',
      apis: [{ id: '5aba4csvd4', usagePlans: [{ id: '1el57v' }] }],
    },
  });
export type CreateCredentials = z.infer<typeof createCredentials>;

const reference = {
  apiKeyId: orNull(awsId),
  clientId: orNull(awsId),
  appSlug: orNull(appSlug),
  appName: orNull(appName),
  developer: orNull(developer),
  credentialType: orNull(credentialType),
};

/** The request names the credential in one way: by its id in AWS, by the app's slug, or by its name and developer. */
export const updateCredentials = z.object({ ...reference, apis: orNull(apis) }).meta({
  id: 'SensediaUpdateCredentials',
  example: { apiKeyId: 'k3yid00001', apis: [{ id: '5aba4csvd4', usagePlans: [{ id: '2fm68w' }] }] },
});

export const revokeCredentials = z
  .object(reference)
  .meta({ id: 'SensediaRevokeCredentials', example: { apiKeyId: 'k3yid00001' } });
export type Reference = z.infer<typeof revokeCredentials>;

const secretText = z.string().meta({ readOnly: true, format: 'password' });
const customCredentials = z.record(z.string(), z.string()).optional();

export const createdCredentials = z
  .union([
    z.strictObject({
      credentialType: z.literal('API_KEY'),
      apiKeyId: z.string(),
      apiKey: secretText,
      customCredentials,
    }),
    z.strictObject({
      credentialType: z.literal('CLIENT_CREDENTIALS'),
      clientId: z.string(),
      clientSecret: secretText,
      customCredentials: customCredentials.meta({
        description: '`tokenUrl`, where the app gets its tokens, and `scopes`, separated by blanks.',
      }),
    }),
  ])
  .meta({ id: 'SensediaCredentials' });
export type CreatedCredentials = z.infer<typeof createdCredentials>;

export const sensediaError = z
  .strictObject({
    code: z.string().meta({ description: 'Stable, for programs.' }),
    message: z.string().meta({ description: 'For people.' }),
    requestId: z.string(),
  })
  .meta({
    id: 'SensediaError',
    example: {
      code: 'unknown_usage_plan',
      message: 'AWS has no usage plan 1el57v.',
      requestId: '0b8e6f6c-8a51-4d0f-9d3c-1f2e3d4c5b6a',
    },
  });
