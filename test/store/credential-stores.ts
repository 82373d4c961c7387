import type { CredentialRequest } from '../../src/domain/credential/credential';
import type { OperationKey, StartableOperation } from '../../src/domain/credential-run';
import { createAuditStore } from '../../src/store/audit';
import { createCredentialWorkStore, type CredentialWorkStore } from '../../src/store/credential-work';
import { createCredentialStore, type CredentialStore } from '../../src/store/credentials';
import { createDatabase, type Database } from '../../src/store/database';
import { createTenantStore } from '../../src/store/tenants';
import { createEventStore } from '../../src/store/events';
import { createTestDatabase, type TestDatabase } from '../support/database';

/** A database with a tenant for the test file that imports this, and credentials in each of their states. */
export const deadlineMs = 25_000;
let testDatabase: TestDatabase;
export let database: Database;
export let credentials: CredentialStore;
export let work: CredentialWorkStore;
export let tenantId: string;
let apps = 0;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase(testDatabase.url, { max: 10 });
  const audit = createAuditStore(database);
  credentials = createCredentialStore({ database, audit, deadlineMs });
  work = createCredentialWorkStore({ database, audit, events: createEventStore(database, { retryBaseMs: 2_000 }) });
  tenantId = (await createTenantStore(database).createTenant('Test')).id;
});
afterAll(async () => {
  await database.destroy();
  await testDatabase.drop();
});

export const entry = () => ({
  tenantId,
  actor: 'portal',
  action: 'credential.create',
  objectType: 'credential',
  fields: [],
  address: null,
  requestId: null,
  outcome: 'success' as const,
});

export function newApp(over: Partial<Omit<CredentialRequest, 'appSlug'>> = {}) {
  apps += 1;
  return {
    appName: `app ${apps}`,
    appSlug: `slug-${apps}`,
    developer: 'dev@example.com',
    credentialType: 'API_KEY' as const,
    apis: [{ id: 'api1', usagePlans: ['plan2', 'plan1'] }],
    scopes: [],
    region: 'eu-central-1',
    userPoolId: null,
    ...over,
  };
}

export type App = ReturnType<typeof newApp>;

export async function accepted(app: App): Promise<StartableOperation> {
  const acceptance = await credentials.acceptCreate(tenantId, app, entry());
  if (acceptance.kind !== 'accepted') throw new Error(`not accepted: ${acceptance.kind}`);
  return acceptance.operation;
}

export const keyOf = ({ credentialId, operationId }: StartableOperation): OperationKey => ({
  tenantId,
  credentialId,
  operationId,
});

/** Made in AWS, not handed over yet. */
export async function provisioned(app: App): Promise<StartableOperation> {
  const operation = await accepted(app);
  await work.open(keyOf(operation));
  await work.rememberAwsId(keyOf(operation), `aws-${operation.credentialId}`);
  await work.record(keyOf(operation), { kind: 'provisioned' });
  return operation;
}

export async function active(app: App): Promise<StartableOperation> {
  const operation = await provisioned(app);
  expect(await credentials.handOver(operation)).toBe(true);
  return operation;
}

export const statusOf = async ({ credentialId }: StartableOperation) =>
  (await credentials.find(tenantId, credentialId))?.status;

export async function revoked(app: App): Promise<StartableOperation> {
  const operation = await active(app);
  const revocation = await credentials.acceptRevoke(tenantId, { appSlug: app.appSlug }, {}, entry());
  if (revocation.kind !== 'accepted') throw new Error(revocation.kind);
  await work.open(keyOf(revocation.operation));
  await work.record(keyOf(revocation.operation), { kind: 'removed' });
  return operation;
}

/** As if so much time had passed for an operation and its credential. */
export const age = (operation: StartableOperation, ms: number) =>
  database('credential_operations')
    .where({ id: operation.operationId })
    .update({
      accepted_at: database.raw(`accepted_at - ? * interval '1 ms'`, [ms]),
      deadline_at: database.raw(`deadline_at - ? * interval '1 ms'`, [ms]),
    });
