import {
  accepted,
  active,
  credentials,
  database,
  entry,
  keyOf,
  newApp,
  statusOf,
  tenantId,
  work,
} from './credential-stores';

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
