import { createTenantStore } from '../../src/store/tenants';
import {
  type App,
  age,
  accepted,
  active,
  credentials,
  database,
  deadlineMs,
  entry,
  keyOf,
  newApp,
  provisioned,
  revoked,
  statusOf,
  tenantId,
  work,
} from './credential-stores';

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
