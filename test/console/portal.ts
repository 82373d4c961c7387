import { setTimeout as sleep } from 'node:timers/promises';
import { startDemoAws, type DemoAws } from '../../src/cli/demo/aws';
import { askForCredentials, configurePortal } from '../../src/cli/demo/portal';
import { createTeardown } from '../../src/cli/demo/teardown';
import { createDatabase } from '../../src/store/database';
import { eventually, type TenantApi } from '../support/everhook';

export const region = 'eu-central-1';

/** A stand-in for AWS that denies one usage plan, and the settings of a process of Everhook that uses it. */
export async function startPortalAws(log: (line: string) => void) {
  const teardown = createTeardown();
  const env: NodeJS.ProcessEnv = { PATH: process.env.PATH, HOME: process.env.HOME };
  const aws = await startDemoAws({ env, region, teardown, log });
  if (typeof aws === 'string') throw new Error(aws);
  const settings = {
    AWS_REGION: region,
    AWS_ENDPOINT_URL: aws.url,
    AWS_ACCESS_KEY_ID: env.AWS_ACCESS_KEY_ID ?? '',
    AWS_SECRET_ACCESS_KEY: env.AWS_SECRET_ACCESS_KEY ?? '',
  };
  return { aws, settings, close: () => teardown.run(log) };
}

interface CredentialJson {
  id: string;
  appName: string;
  status: string;
}

/** Credentials of three apps: one kept, one that AWS denies half-way so that it is taken back, one revoked. */
export async function giveCredentials(
  api: TenantApi,
  { url, tenantId, databaseUrl, aws }: { url: string; tenantId: string; databaseUrl: string; aws: DemoAws },
): Promise<Record<'kept' | 'undone' | 'revoked', string>> {
  const database = createDatabase(databaseUrl, { max: 1 });
  const account = await configurePortal(database, tenantId).finally(() => database.destroy());
  const authorization = `Basic ${Buffer.from(`${account.username}:${account.password}`).toString('base64')}`;
  // Moments after a worker is ready its first poll is known to Temporal.
  const health = () => fetch(`${url}/v1/health`, { headers: { authorization } });
  await eventually(
    async () => (await health()).status,
    (status) => status === 204,
  );
  await askForCredentials(url, account, aws);
  for (;;) {
    const { body } = await api.call<{ data: CredentialJson[] }>('GET', '/api/v1/credentials');
    const idOf = (app: string) => body.data.find(({ appName }) => appName === app)?.id ?? '';
    const underWay = body.data.some(({ status }) => status === 'provisioning' || status === 'revoking');
    if (body.data.length === 3 && !underWay) {
      return { kept: idOf('kept'), undone: idOf('undone'), revoked: idOf('revoked') };
    }
    await sleep(100);
  }
}
