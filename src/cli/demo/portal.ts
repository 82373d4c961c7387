import { z } from 'zod';
import { randomName } from '../../domain/ids';
import { Secret } from '../../domain/secret';
import { hashPassword } from '../../platform/passwords';
import type { Database } from '../../store/database';
import { createPortalStore } from '../../store/portals';
import type { DemoAws } from './aws';

/** The apps for which the portal asks credentials, by what must become of those. */
export const appNames = ['kept', 'undone', 'revoked'] as const;
export type AppName = (typeof appNames)[number];

/** A developer portal's account at Everhook, of Sensedia's contract. */
export interface PortalAccount {
  username: string;
  password: string;
}

/** A call of the portal and how Everhook answered. */
export interface PortalCall {
  call: 'createCredentials' | 'revokeCredentials';
  status: number;
  /** Of an error. */
  code: string | null;
  durationMs: number;
  /** What createCredentials answers, to the portal alone. */
  apiKeyId: string | null;
  apiKey: Secret | null;
}
export type PortalCalls = Record<AppName, PortalCall[]>;

/** Makes the tenant's portal; user names are unique over all tenants, and earlier demos had one each. */
export async function configurePortal(database: Database, tenantId: string): Promise<PortalAccount> {
  const account = { username: `portal-${randomName(4)}`, password: randomName() };
  await createPortalStore(database).configure({
    tenantId,
    username: account.username,
    passwordHash: await hashPassword(new Secret(account.password)),
    credentialType: 'API_KEY',
    region: null,
    userPoolId: null,
    scopes: { byApi: {}, defaults: [] },
    tokenUrl: null,
  });
  return account;
}

/** What the portal sends for an app. */
export function creationOf(appName: string, { apiId, usagePlan }: Pick<DemoAws, 'apiId' | 'usagePlan'>) {
  return { appName, developer: 'dev@example.com', apis: [{ id: apiId, usagePlans: [{ id: usagePlan }] }] };
}

/** Asks for credentials of every app at once, and revokes those of one. */
export async function askForCredentials(apiUrl: string, account: PortalAccount, aws: DemoAws): Promise<PortalCalls> {
  const call = (name: PortalCall['call'], body: object) => callEverhook(apiUrl, account, name, body);
  const create = (appName: AppName, usagePlan: string) =>
    call('createCredentials', creationOf(appName, { ...aws, usagePlan }));

  async function createAndRevoke(): Promise<PortalCall[]> {
    const created = await create('revoked', aws.usagePlan);
    if (created.apiKeyId === null) return [created];
    return [created, await call('revokeCredentials', { apiKeyId: created.apiKeyId })];
  }

  const [kept, undone, revoked] = await Promise.all([
    create('kept', aws.usagePlan),
    create('undone', aws.deniedPlan),
    createAndRevoke(),
  ]);
  return { kept: [kept], undone: [undone], revoked };
}

/** Every answer of createCredentials and revokeCredentials. */
const answerDocument = z.object({
  apiKeyId: z.string().optional(),
  apiKey: z.string().optional(),
  code: z.string().optional(),
});

async function callEverhook(
  apiUrl: string,
  { username, password }: PortalAccount,
  call: PortalCall['call'],
  body: object,
): Promise<PortalCall> {
  const began = performance.now();
  const response = await fetch(`${apiUrl}/v1/${call}`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const { apiKeyId = null, apiKey, code = null } = answerDocument.parse(text === '' ? {} : JSON.parse(text));
  return {
    call,
    status: response.status,
    code,
    durationMs: performance.now() - began,
    apiKeyId,
    apiKey: apiKey === undefined ? null : new Secret(apiKey),
  };
}
