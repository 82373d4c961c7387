import { Secret } from '../../src/domain/secret';
import type { CredentialSecrets } from '../../src/platform/aws/secrets';
import { hashPassword } from '../../src/platform/passwords';
import { createCredentialWorkStore } from '../../src/store/credential-work';
import type { NewPortal, PortalStore } from '../../src/store/portals';
import type { TestApi } from '../support/api';

/** Of every portal here. */
export const password = 'pass:wörd';

export const basic = (user = 'portal', given = password) =>
  `Basic ${Buffer.from(`${user}:${given}`).toString('base64')}`;

/** A creation as a portal asks for it; the app is named by its slug. */
export const wanted = (slug: string) => ({
  appName: 'my new aws app',
  appSlug: slug,
  developer: 'dev@example.com',
  apis: [{ id: 'api1', usagePlans: [{ id: 'plan1' }, { id: 'plan1' }] }],
  unknown: { to: 'us' },
});

/** A portal of API keys, unless told otherwise. */
export async function configurePortal(
  portals: PortalStore,
  portal: { tenantId: string; username: string } & Partial<NewPortal>,
): Promise<void> {
  await portals.configure({
    passwordHash: await hashPassword(new Secret(password)),
    credentialType: 'API_KEY',
    region: null,
    userPoolId: null,
    scopes: { byApi: {}, defaults: [] },
    tokenUrl: null,
    ...portal,
  });
}

/** What AWS tells of what {@link carryOut} made. */
export const credentialSecrets: CredentialSecrets = {
  read: async ({ credentialType, awsId }) =>
    credentialType === 'API_KEY'
      ? { credentialType, apiKeyId: awsId, apiKey: new Secret(`value-of-${awsId}`) }
      : { credentialType, clientId: awsId, clientSecret: new Secret(`secret-of-${awsId}`) },
};

/** As a worker would, on an AWS where everything succeeds. */
export function carryOut(api: TestApi): void {
  const work = createCredentialWorkStore({ ...api.dependencies, database: api.database });
  api.credentialRuns.perform = async (operation) => {
    const opened = await work.open(operation);
    if (opened.todo === 'nothing') return opened.outcome;
    if (opened.todo === 'create') await work.rememberAwsId(operation, `k${operation.credentialId.slice(-8)}`);
    const kinds = { create: 'provisioned', update: 'changed', remove: 'removed' } as const;
    const kind = kinds[opened.todo as keyof typeof kinds];
    if (kind) await work.record(operation, { kind });
    return { kind: 'succeeded' };
  };
}
