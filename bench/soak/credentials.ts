import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  APIGatewayClient,
  CreateRestApiCommand,
  CreateUsagePlanCommand,
  GetApiKeysCommand,
} from '@aws-sdk/client-api-gateway';
import { z } from 'zod';
import type { Log } from '../../scripts/local-stack/log';
import { startMoto } from '../../scripts/local-stack/moto';
import { commandLine } from '../installation';
import type { Teardown } from '../teardown';
import type { Random } from './random';
import type { SoakTenant } from './tenant';

/** A stand-in for AWS, which is not killed: it keeps everything in memory. */
export interface SoakAws {
  /** What Everhook's processes need to use it. */
  env: NodeJS.ProcessEnv;
  gateway: APIGatewayClient;
}

/** A portal that has API keys made and revoked. */
export interface SoakPortal {
  /** Asks for nothing more, and waits for the answers that are due. */
  stop(): Promise<PortalAccount>;
}

export interface PortalAccount {
  /** Ids in AWS of the keys whose value the portal was told. */
  made: string[];
  /** Of those, the ones whose revocation was answered 204. */
  revoked: string[];
  /** Of those, the ones whose revocation was answered otherwise: they may be there or not. */
  unsure: string[];
  refused: Record<string, number>;
}

const settings = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'soak', AWS_SECRET_ACCESS_KEY: 'soak' };
const username = 'portal';
const password = 'the password of a soak';
const betweenMs = { least: 500, most: 2_500 };
const revokedShare = 0.5;
const requestMs = 60_000;
const created = z.object({ apiKeyId: z.string() });

export async function startAws({ log, teardown }: { log: Log; teardown: Teardown }): Promise<SoakAws> {
  const moto = await startMoto({ log });
  teardown.add(() => moto.stop());
  const credentials = { accessKeyId: settings.AWS_ACCESS_KEY_ID, secretAccessKey: settings.AWS_SECRET_ACCESS_KEY };
  const gateway = new APIGatewayClient({ endpoint: moto.url, region: settings.AWS_REGION, credentials });
  teardown.add(async () => gateway.destroy());
  return { env: { ...settings, AWS_ENDPOINT_URL: moto.url }, gateway };
}

/** Enabled keys in AWS. */
export async function keysInAws({ gateway }: SoakAws): Promise<Set<string>> {
  const enabled = new Set<string>();
  for (let position: string | undefined; ;) {
    const page = await gateway.send(new GetApiKeysCommand({ limit: 500, position }));
    for (const { id, enabled: is } of page.items ?? []) if (id && is) enabled.add(id);
    position = page.position;
    if (!position) return enabled;
  }
}

export async function startPortal(
  { gateway }: SoakAws,
  { tenant, env, apiUrl, random }: { tenant: SoakTenant; env: NodeJS.ProcessEnv; apiUrl: () => string; random: Random },
): Promise<SoakPortal> {
  await configure(tenant, env);
  const { id: apiId = '' } = await gateway.send(new CreateRestApiCommand({ name: 'soak' }));
  const plan = await gateway.send(new CreateUsagePlanCommand({ name: 'soak', apiStages: [{ apiId, stage: 'prod' }] }));
  const apis = [{ id: apiId, usagePlans: [{ id: plan.id }] }];
  const account: PortalAccount = { made: [], revoked: [], unsure: [], refused: {} };
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const stopping = new AbortController();

  async function call(path: string, body: object): Promise<{ status: number; body: unknown } | null> {
    try {
      const answer = await fetch(`${apiUrl()}/v1/${path}`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(requestMs),
      });
      const text = await answer.text();
      return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
    } catch {
      return null;
    }
  }

  async function makeOne(number: number): Promise<void> {
    const answer = await call('createCredentials', { appName: `soak ${number}`, developer: 'dev@example.com', apis });
    if (answer?.status !== 200) {
      const end = String(answer?.status ?? 'none');
      account.refused[end] = (account.refused[end] ?? 0) + 1;
      return;
    }
    const { apiKeyId } = created.parse(answer.body);
    account.made.push(apiKeyId);
    if (!random.chance(revokedShare)) return;
    const end = await call('revokeCredentials', { apiKeyId });
    account[end?.status === 204 ? 'revoked' : 'unsure'].push(apiKeyId);
  }

  async function work(): Promise<void> {
    for (let number = 1; !stopping.signal.aborted; number += 1) {
      await makeOne(number);
      await sleep(random.between(betweenMs.least, betweenMs.most), undefined, { signal: stopping.signal }).catch(
        () => {},
      );
    }
  }

  const working = work();
  working.catch(() => {});
  return {
    async stop() {
      stopping.abort();
      await working;
      return account;
    },
  };
}

/** What became of the portal's keys, where it is not as the portal was told. */
export function portalProblems({ made, revoked, unsure }: PortalAccount, inAws: ReadonlySet<string>): string[] {
  const kept = made.filter((id) => !revoked.includes(id) && !unsure.includes(id));
  const lost = kept.filter((id) => !inAws.has(id));
  const left = revoked.filter((id) => inAws.has(id));
  return [
    ...(lost.length > 0 ? [`API keys that a portal has and AWS has not: ${lost.length} of ${kept.length}`] : []),
    ...(left.length > 0 ? [`API keys that were revoked and work: ${left.length} of ${revoked.length}`] : []),
  ];
}

async function configure({ tenantId }: SoakTenant, env: NodeJS.ProcessEnv): Promise<void> {
  const args = ['sensedia', 'configure', '--tenant', tenantId, '--username', username, '--password-stdin'];
  await new Promise<void>((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [commandLine, ...args, '--credential-type', 'API_KEY'],
      { env },
      (error) => (error ? reject(error) : resolve()),
    );
    child.stdin?.end(`${password}\n`);
  });
}
