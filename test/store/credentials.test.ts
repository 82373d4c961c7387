import type { CredentialRequest } from '../../src/domain/credential/credential';
import type { OperationKey, StartableOperation } from '../../src/domain/credential-run';
import { createAuditStore } from '../../src/store/audit';
import { createCredentialWorkStore, type CredentialWorkStore } from '../../src/store/credential-work';
import { createCredentialStore, type CredentialStore } from '../../src/store/credentials';
import { createDatabase, type Database } from '../../src/store/database';
import { createTenantStore } from '../../src/store/tenants';
import { createEventStore } from '../../src/store/events';
import { createTestDatabase, type TestDatabase } from '../support/database';

const deadlineMs = 25_000;
let testDatabase: TestDatabase;
let database: Database;
let credentials: CredentialStore;
let work: CredentialWorkStore;
let tenantId: string;
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

const entry = () => ({
  tenantId,
  actor: 'portal',
  action: 'credential.create',
  objectType: 'credential',
  fields: [],
  address: null,
  requestId: null,
  outcome: 'success' as const,
});

function newApp(over: Partial<Omit<CredentialRequest, 'appSlug'>> = {}) {
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

type App = ReturnType<typeof newApp>;

async function accepted(app: App): Promise<StartableOperation> {
  const acceptance = await credentials.acceptCreate(tenantId, app, entry());
  if (acceptance.kind !== 'accepted') throw new Error(`not accepted: ${acceptance.kind}`);
  return acceptance.operation;
}

const keyOf = ({ credentialId, operationId }: StartableOperation): OperationKey => ({
  tenantId,
  credentialId,
  operationId,
});

/** Made in AWS, not handed over yet. */
async function provisioned(app: App): Promise<StartableOperation> {
  const operation = await accepted(app);
  await work.open(keyOf(operation));
  await work.rememberAwsId(keyOf(operation), `aws-${operation.credentialId}`);
  await work.record(keyOf(operation), { kind: 'provisioned' });
  return operation;
}

async function active(app: App): Promise<StartableOperation> {
  const operation = await provisioned(app);
  expect(await credentials.handOver(operation)).toBe(true);
  return operation;
}

const statusOf = async ({ credentialId }: StartableOperation) =>
  (await credentials.find(tenantId, credentialId))?.status;

async function revoked(app: App): Promise<StartableOperation> {
  const operation = await active(app);
  const revocation = await credentials.acceptRevoke(tenantId, { appSlug: app.appSlug }, {}, entry());
  if (revocation.kind !== 'accepted') throw new Error(revocation.kind);
  await work.open(keyOf(revocation.operation));
  await work.record(keyOf(revocation.operation), { kind: 'removed' });
  return operation;
}

/** As if so much time had passed for an operation and its credential. */
const age = (operation: StartableOperation, ms: number) =>
  database('credential_operations')
    .where({ id: operation.operationId })
    .update({
      accepted_at: database.raw(`accepted_at - ? * interval '1 ms'`, [ms]),
      deadline_at: database.raw(`deadline_at - ? * interval '1 ms'`, [ms]),
    });

describe('asking for a creation', () => {
  it('stores what was asked for, without a secret', async () => {
    const app = newApp();
    const operation = await accepted(app);
    expect(await credentials.find(tenantId, operation.credentialId)).toMatchObject({
      appName: app.appName,
      status: 'provisioning',
      awsId: null,
      handedOverAt: null,
      apis: [{ id: 'api1', usagePlans: ['plan1', 'plan2'] }],
    });
    expect(await work.open(keyOf(operation))).toMatchObject({
      todo: 'create',
      usagePlans: ['plan1', 'plan2'],
      lastStep: 0,
    });
  });

  it('twice while it goes on is the same credential, and both callers get it', async () => {
    const app = newApp();
    const first = await provisioned(app);
    const second = await accepted(app);
    expect(second.credentialId).toBe(first.credentialId);
    expect(await work.open(keyOf(second))).toMatchObject({ todo: 'hand_over' });
    expect(await credentials.handOver(second)).toBe(true);
    expect(await credentials.handOver(first)).toBe(true);
    expect(await statusOf(first)).toBe('active');
  });

  it('again later is answered with the same credential', async () => {
    const app = newApp();
    const first = await active(app);
    const again = await credentials.acceptCreate(tenantId, app, entry());
    expect(again).toMatchObject({ kind: 'repeated', credential: { id: first.credentialId } });
  });

  it.each([false, true])('with another body is a conflict (active: %s)', async (isActive) => {
    const app = newApp();
    await (isActive ? active(app) : accepted(app));
    const other = await credentials.acceptCreate(tenantId, { ...app, appName: 'other' }, entry());
    expect(other.kind).toBe('conflict');
  });

  it('after a revocation makes a new one', async () => {
    const app = newApp();
    const first = await revoked(app);
    expect((await accepted(app)).credentialId).not.toBe(first.credentialId);
  });

  it('while a failed one is being undone makes a new one, which does not wait for the old', async () => {
    const app = newApp();
    const first = await accepted(app);
    await work.open(keyOf(first));
    await work.record(keyOf(first), { kind: 'undoing', failure: { code: 'aws_refused', message: 'no' } });
    const second = await accepted(app);
    expect(second.credentialId).not.toBe(first.credentialId);
    expect(second.appKey).toBe(first.appKey);
  });

  it('twenty times at once is one credential', async () => {
    const app = newApp();
    const operations = await Promise.all(Array.from({ length: 20 }, () => accepted(app)));
    expect(new Set(operations.map(({ credentialId }) => credentialId)).size).toBe(1);
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(20);
  });

  it('of different bodies at once lets one through', async () => {
    const app = newApp();
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        credentials.acceptCreate(tenantId, { ...app, appName: `variant ${index}` }, entry()),
      ),
    );
    expect(all.filter(({ kind }) => kind === 'accepted')).toHaveLength(1);
    expect(all.filter(({ kind }) => kind === 'conflict')).toHaveLength(9);
  });

  it('of another tenant is another credential', async () => {
    const app = newApp();
    const mine = await accepted(app);
    const other = (await createTenantStore(database).createTenant('Other')).id;
    const theirs = await credentials.acceptCreate(other, app, { ...entry(), tenantId: other });
    expect(theirs).toMatchObject({ kind: 'accepted' });
    expect(await credentials.find(other, mine.credentialId)).toBeNull();
    expect(await credentials.findBy(other, { apiKeyId: `aws-${mine.credentialId}` })).toBeNull();
  });
});

describe('handing over', () => {
  it('is refused before it is made, and after its caller gave up', async () => {
    const early = await accepted(newApp());
    expect(await credentials.handOver(early)).toBe(false);
    const late = await provisioned(newApp());
    expect(await credentials.giveUp(late)).toEqual({ kind: 'given_up', tell: true });
    expect(await credentials.handOver(late)).toBe(false);
    expect(await work.open(keyOf(late))).toMatchObject({ todo: 'remove', outcome: { code: 'given_up' } });
    expect(await credentials.handOver(late)).toBe(false);
  });

  it('is waited for until the deadline of the last caller, then taken back', async () => {
    const app = newApp();
    const first = await provisioned(app);
    const second = await accepted(app);
    await work.open(keyOf(second));
    await age(first, 60_000);
    expect(await work.open(keyOf(first))).toMatchObject({ todo: 'hand_over' });
    await age(second, 60_000);
    expect(await work.open(keyOf(first))).toMatchObject({ todo: 'remove' });
    expect(await credentials.handOver(second)).toBe(false);
    await work.record(keyOf(first), { kind: 'removed', failure: { code: 'given_up', message: 'late' } });
    expect(await statusOf(first)).toBe('failed');
  });

  it('one caller giving up does not take it from another', async () => {
    const app = newApp();
    const first = await provisioned(app);
    const second = await accepted(app);
    expect(await credentials.giveUp(first)).toEqual({ kind: 'given_up', tell: false });
    await work.open(keyOf(second));
    expect(await credentials.handOver(second)).toBe(true);
    expect(await work.open(keyOf(first))).toMatchObject({ todo: 'nothing' });
    expect(await statusOf(second)).toBe('active');
  });

  it('forgets what the value of the key was made from', async () => {
    const operation = await provisioned(newApp());
    const madeFrom = () =>
      database('credentials').where({ id: operation.credentialId }).first('value_salt', 'value_key');
    await database('credentials').where({ id: operation.credentialId }).update({ value_key: 'v1.x' });
    expect(await madeFrom()).toEqual({ value_salt: expect.stringMatching(/^[\w-]{22}$/), value_key: 'v1.x' });
    await credentials.handOver(operation);
    expect(await madeFrom()).toEqual({ value_salt: null, value_key: null });
  });

  it('that did not reach the caller is taken back by a revocation', async () => {
    const operation = await active(newApp());
    const revocation = await credentials.takeBack(operation, entry());
    if (!revocation) throw new Error('nothing was taken back');
    expect(await statusOf(operation)).toBe('revoking');
    expect(await work.open(keyOf(revocation))).toMatchObject({ todo: 'remove' });
    await work.record(keyOf(revocation), { kind: 'removed' });
    expect(await statusOf(operation)).toBe('failed');
  });

  it('is not taken back from somebody who asked again and got it', async () => {
    const app = newApp();
    const operation = await active(app);
    expect(await credentials.acceptCreate(tenantId, app, entry())).toMatchObject({ kind: 'repeated' });
    expect(await credentials.takeBack(operation, entry())).toBeNull();
    expect(await statusOf(operation)).toBe('active');
  });
});

describe('when it is its turn', () => {
  it('a creation past its deadline is not begun', async () => {
    const operation = await accepted(newApp());
    await age(operation, deadlineMs);
    expect(await work.open(keyOf(operation))).toMatchObject({ todo: 'nothing', outcome: { code: 'deadline' } });
    expect(await statusOf(operation)).toBe('failed');
  });

  it('keeps a tenth of the deadline for handing over', async () => {
    const operation = await accepted(newApp());
    const opened = await work.open(keyOf(operation));
    expect(opened.todo === 'create' && opened.budgetMs).toBeGreaterThan(21_000);
    expect(opened.todo === 'create' && opened.budgetMs).toBeLessThanOrEqual(22_500);
  });

  it('a creation that an earlier run began is undone, from the step after its last', async () => {
    const operation = await accepted(newApp());
    await work.open(keyOf(operation));
    await work.beginStep({ ...keyOf(operation), number: 1 }, 'check-usage-plans');
    await work.beginStep({ ...keyOf(operation), number: 2 }, 'create-api-key');
    expect(await work.open(keyOf(operation))).toMatchObject({ todo: 'remove', awsId: null, lastStep: 2 });
    expect(await statusOf(operation)).toBe('revoking');
  });

  it('an update that an earlier run began is restored', async () => {
    const app = newApp();
    await active(app);
    const update = await credentials.acceptUpdate(
      tenantId,
      { appSlug: app.appSlug },
      { change: { appName: 'renamed' } },
      entry(),
    );
    if (update.kind !== 'accepted') throw new Error(update.kind);
    expect(await work.open(keyOf(update.operation))).toMatchObject({ todo: 'update', plans: false, rename: true });
    expect(await work.open(keyOf(update.operation))).toMatchObject({ todo: 'restore', outcome: { kind: 'failed' } });
  });

  it('whoever joined a creation that failed hears the same', async () => {
    const app = newApp();
    const first = await accepted(app);
    await work.open(keyOf(first));
    const second = await accepted(app);
    const failure = { code: 'unknown_usage_plan' as const, message: 'there is no usage plan x' };
    await work.record(keyOf(first), { kind: 'undoing', failure });
    await work.record(keyOf(first), { kind: 'removed', failure });
    expect(await work.open(keyOf(second))).toEqual({
      todo: 'nothing',
      outcome: { kind: 'failed', ...failure },
      status: 'failed',
    });
  });

  it('an operation that nobody stored is nothing', async () => {
    const operation = await accepted(newApp());
    const unknown = { ...keyOf(operation), operationId: '019a0000-0000-7000-8000-000000000000' };
    expect(await work.open(unknown)).toMatchObject({ todo: 'nothing', outcome: { code: 'not_found' } });
  });
});

describe('an update', () => {
  async function update(app: App, change: object) {
    const acceptance = await credentials.acceptUpdate(tenantId, { appSlug: app.appSlug }, { change }, entry());
    if (acceptance.kind !== 'accepted') throw new Error(acceptance.kind);
    return acceptance.operation;
  }

  it('is what the credential is once it is done, not before', async () => {
    const app = newApp();
    const created = await active(app);
    const operation = await update(app, { appName: 'renamed', apis: [{ id: 'api2', usagePlans: ['plan3', 'plan3'] }] });
    await work.open(keyOf(operation));
    const subject = await work.subject(keyOf(operation));
    expect(subject?.recorded.appName).toBe(app.appName);
    expect(subject?.requested).toMatchObject({ appName: 'renamed', apis: [{ id: 'api2', usagePlans: ['plan3'] }] });
    expect(await work.record(keyOf(operation), { kind: 'changed' })).toMatchObject({ recorded: true });
    expect(await credentials.find(tenantId, created.credentialId)).toMatchObject({
      appName: 'renamed',
      apis: [{ id: 'api2', usagePlans: ['plan3'] }],
    });
    expect(await credentials.giveUp(operation)).toEqual({ kind: 'succeeded' });
  });

  it('whose caller gave up is not recorded', async () => {
    const app = newApp();
    await active(app);
    const operation = await update(app, { appName: 'renamed' });
    await work.open(keyOf(operation));
    expect(await credentials.giveUp(operation)).toEqual({ kind: 'given_up', tell: true });
    expect(await work.record(keyOf(operation), { kind: 'changed' })).toMatchObject({ recorded: false });
  });

  it.each(['provisioning', 'revoked', 'unknown'] as const)('of a credential that is %s is refused', async (status) => {
    const app = newApp();
    if (status === 'provisioning') await accepted(app);
    if (status === 'revoked') await revoked(app);
    const refused = await credentials.acceptUpdate(tenantId, { appSlug: app.appSlug }, { change: {} }, entry());
    expect(refused.kind).toBe(status === 'provisioning' ? 'conflict' : 'not_found');
  });

  it('of another type than the credential is refused', async () => {
    const app = newApp();
    await active(app);
    const change = { change: {}, credentialType: 'CLIENT_CREDENTIALS' as const };
    expect((await credentials.acceptUpdate(tenantId, { appSlug: app.appSlug }, change, entry())).kind).toBe(
      'type_mismatch',
    );
  });
});

describe('a revocation', () => {
  it.each([
    ['its id in AWS', (app: App, id: string) => ({ apiKeyId: `aws-${id}`, app })],
    ['the slug of the app', (app: App) => ({ appSlug: app.appSlug })],
    ['the names of the app', (app: App) => ({ appName: app.appName, developer: app.developer })],
  ])('finds the credential by %s', async (_what, referenceOf) => {
    const app = newApp();
    const created = await active(app);
    const found = await credentials.findBy(tenantId, referenceOf(app, created.credentialId));
    expect(found?.id).toBe(created.credentialId);
  });

  it('that was done before is done, and of what nobody knows is not found', async () => {
    const app = newApp();
    await revoked(app);
    expect((await credentials.acceptRevoke(tenantId, { appSlug: app.appSlug }, {}, entry())).kind).toBe('done');
    expect((await credentials.acceptRevoke(tenantId, { apiKeyId: 'nobody' }, {}, entry())).kind).toBe('not_found');
  });

  it('is answered from when it is cut off, and goes on if its run is lost', async () => {
    const app = newApp();
    await active(app);
    const acceptance = await credentials.acceptRevoke(tenantId, { appSlug: app.appSlug }, {}, entry());
    if (acceptance.kind !== 'accepted') throw new Error(acceptance.kind);
    const key = keyOf(acceptance.operation);
    await work.open(key);
    await work.record(key, { kind: 'cut_off' });
    expect(await credentials.giveUp(acceptance.operation)).toEqual({ kind: 'succeeded' });
    expect(await work.open(key)).toMatchObject({ todo: 'remove', outcome: { kind: 'succeeded' } });
    await work.record(key, { kind: 'removed' });
    expect(await work.open(key)).toMatchObject({ todo: 'nothing', outcome: { kind: 'succeeded' }, status: 'revoked' });
  });
});

describe('a failed compensation', () => {
  it('is audited, and repaired by removing what was never handed over', async () => {
    const operation = await accepted(newApp());
    await work.open(keyOf(operation));
    await work.record(keyOf(operation), {
      kind: 'stuck',
      repairBy: 'remove',
      failure: { code: 'aws_refused', message: 'no' },
    });
    expect(await statusOf(operation)).toBe('compensation_failed');
    const [entryOfIt] = await database('audit').where({ object_id: operation.credentialId, outcome: 'failure' });
    expect(entryOfIt).toMatchObject({ action: 'credential.compensation_failed' });
    expect(await work.stuck(10)).toContainEqual({ tenantId, id: operation.credentialId });

    const repair = await credentials.acceptRepair(tenantId, operation.credentialId, entry());
    if (repair.kind !== 'accepted') throw new Error(repair.kind);
    expect(await work.open(keyOf(repair.operation))).toMatchObject({ todo: 'remove', outcome: { kind: 'succeeded' } });
    await work.record(keyOf(repair.operation), { kind: 'removed' });
    expect(await statusOf(operation)).toBe('failed');
    expect((await credentials.acceptRepair(tenantId, operation.credentialId, entry())).kind).toBe('conflict');
  });

  it('is told to its tenant once, however often its repair fails', async () => {
    const told = async ({ credentialId }: { credentialId: string }) =>
      (await database('events').where({ tenant_id: tenantId, type: 'credential.compensation_failed' }))
        .map(({ payload }) => JSON.parse(payload) as Record<string, unknown>)
        .filter((payload) => payload.credentialId === credentialId);
    const operation = await accepted(newApp());
    await work.open(keyOf(operation));
    const failure = { code: 'deadline' as const, message: 'of AWS: not for tenants' };
    await work.record(keyOf(operation), { kind: 'stuck', repairBy: 'remove', failure });
    const repair = await credentials.acceptRepair(tenantId, operation.credentialId, entry());
    if (repair.kind !== 'accepted') throw new Error(repair.kind);
    await work.open(keyOf(repair.operation));
    await work.record(keyOf(repair.operation), { kind: 'stuck', repairBy: 'remove' });
    expect(await told(operation)).toEqual([
      {
        credentialId: operation.credentialId,
        credentialType: 'API_KEY',
        code: 'deadline',
        failedAt: expect.any(String),
      },
    ]);
  });

  it('of an update is repaired by restoring, and the app keeps its credential meanwhile', async () => {
    const app = newApp();
    const created = await active(app);
    const update = await credentials.acceptUpdate(
      tenantId,
      { appSlug: app.appSlug },
      { change: { appName: 'x' } },
      entry(),
    );
    if (update.kind !== 'accepted') throw new Error(update.kind);
    await work.open(keyOf(update.operation));
    await work.record(keyOf(update.operation), { kind: 'stuck', repairBy: 'restore' });
    expect(await credentials.acceptCreate(tenantId, app, entry())).toMatchObject({ kind: 'repeated' });
    const repair = await credentials.acceptRepair(tenantId, created.credentialId, entry());
    if (repair.kind !== 'accepted') throw new Error(repair.kind);
    expect(await work.open(keyOf(repair.operation))).toMatchObject({ todo: 'restore' });
    await work.record(keyOf(repair.operation), { kind: 'restored' });
    expect(await statusOf(created)).toBe('active');
  });
});

describe('steps', () => {
  it('are shown in their order, with what was wrong', async () => {
    const operation = await accepted(newApp());
    const step = (number: number) => ({ ...keyOf(operation), number });
    expect(await work.beginStep(step(1), 'check-usage-plans')).toEqual({ again: false });
    await work.endStep(step(1), { status: 'done' });
    await work.beginStep(step(2), 'create-api-key');
    await work.endStep(step(2), { status: 'failed', error: 'CreateApiKey was throttled by AWS' });
    expect(await work.beginStep(step(2), 'create-api-key')).toEqual({ again: true });
    expect(await credentials.steps(tenantId, operation.credentialId)).toMatchObject([
      { operation: 'create', number: 1, name: 'check-usage-plans', status: 'done', error: null },
      { operation: 'create', number: 2, name: 'create-api-key', status: 'running', error: null },
    ]);
  });
});

describe('the sweeper', () => {
  it('gets what nobody was told of, once in a while', async () => {
    const operation = await accepted(newApp());
    await database('credential_operations').update({ look_at: null });
    await database('credential_operations')
      .where({ id: operation.operationId })
      .update({ look_at: database.raw(`now() - interval '1 s'`) });
    expect(await work.claimNeglected(10, 60_000)).toEqual([operation]);
    expect(await work.claimNeglected(10, 60_000)).toEqual([]);
  });

  it('knows one installation, and everywhere that something may be', async () => {
    expect(await work.installationId()).toBe(await work.installationId());
    await accepted(newApp({ credentialType: 'CLIENT_CREDENTIALS' }));
    expect(await work.places()).toContainEqual({ region: 'eu-central-1', userPoolId: null });
  });
});
