import { newId } from '../../src/domain/ids';
import { newSigningSecret } from '../../src/domain/signing/standard-webhooks';
import { canary, entry, only, openTestStores, secretsOf, type TestStores } from './stores';

let stores: TestStores;

beforeAll(async () => {
  stores = await openTestStores();
});

afterAll(async () => {
  await stores.close();
  await stores.drop();
});

const updating = (tenantId: string) => entry(tenantId, 'webhook.update');

describe('a webhook', () => {
  it('is found as it was created, without any secret', async () => {
    const tenantId = await stores.tenant();
    const created = await stores.webhook(tenantId, {
      contract: 'sovrin',
      targetUrl: 'https://receiver.example/x?y',
      events: ['b', 'a'],
      description: 'the ledger',
      disabled: true,
      auth: { type: 'basic', username: 'user', password: canary().secret },
      headers: { 'X-Team': 'billing', 'X-Api-Key': 'abc' },
      timeoutMs: 1_500,
      maxRetries: 0,
    });
    expect(created).toEqual({
      tenantId,
      id: created.id,
      contract: 'sovrin',
      targetUrl: 'https://receiver.example/x?y',
      number: null,
      events: ['b', 'a'],
      channels: [],
      settings: {},
      description: 'the ledger',
      disabled: true,
      auth: { type: 'basic', username: 'user' },
      headers: { 'X-Team': 'billing', 'X-Api-Key': '[redacted]' },
      timeoutMs: 1_500,
      maxRetries: 0,
      createdAt: created.updatedAt,
      updatedAt: created.createdAt,
    });
    expect(await stores.webhooks.find(tenantId, created.id)).toEqual(created);
  });

  it('is found by its own tenant and under its own contract only', async () => {
    const tenantId = await stores.tenant();
    const stranger = await stores.tenant();
    const { id } = await stores.webhook(tenantId);
    expect(await stores.webhooks.find(tenantId, id, 'everhook')).toMatchObject({ id });
    expect(await stores.webhooks.find(tenantId, id, 'sovrin')).toBeNull();
    expect(await stores.webhooks.find(stranger, id)).toBeNull();
    expect(await stores.webhooks.find(tenantId, newId())).toBeNull();
    expect(await stores.webhooks.update(stranger, id, { disabled: true }, updating(stranger))).toBeNull();
    expect(await stores.webhooks.update(tenantId, id, { disabled: true }, updating(tenantId), 'sovrin')).toBeNull();
    expect(await stores.webhooks.remove(stranger, id, updating(stranger))).toBe(false);
    expect(await stores.webhooks.remove(tenantId, id, updating(tenantId), 'sovrin')).toBe(false);
    expect(await stores.webhooks.rotateSecret(stranger, id, newSigningSecret(), 0, updating(stranger))).toBe(false);
    expect((await stores.webhooks.list(stranger, { limit: 10 })).data).toEqual([]);
    expect(await stores.webhooks.find(tenantId, id)).toMatchObject({ disabled: false });
    expect((await stores.audit.list(stranger, { limit: 10 })).data).toEqual([]);
  });

  it('is gone for everyone once removed, and its secrets with it', async () => {
    const tenantId = await stores.tenant();
    const { secret } = canary();
    const { id } = await stores.webhook(tenantId, {
      auth: { type: 'basic', username: 'u', password: secret },
      headers: { authorization: 'x' },
    });
    expect(await stores.webhooks.remove(tenantId, id, entry(tenantId, 'webhook.delete'))).toBe(true);
    expect(await stores.webhooks.remove(tenantId, id, entry(tenantId, 'webhook.delete'))).toBe(false);
    expect(await stores.webhooks.find(tenantId, id)).toBeNull();
    expect(await stores.webhooks.update(tenantId, id, { disabled: false }, updating(tenantId))).toBeNull();
    expect(await stores.webhooks.rotateSecret(tenantId, id, newSigningSecret(), 0, updating(tenantId))).toBe(false);
    expect((await stores.webhooks.list(tenantId, { limit: 10 })).data).toEqual([]);
    expect(await stores.database('webhook_secrets').where({ webhook_id: id })).toEqual([]);
  });

  it('that is rotated often keeps the newest few secrets in their grace', async () => {
    const tenantId = await stores.tenant();
    const { id } = await stores.webhook(tenantId);
    const rotate = async (graceSeconds: number) => {
      const secret = newSigningSecret();
      await stores.webhooks.rotateSecret(tenantId, id, secret, graceSeconds, updating(tenantId));
      return secret.reveal();
    };
    const signing = async () => {
      const { toStart } = await stores.publish(tenantId, { webhookId: id });
      const request = { tenantId, deliveryId: only(toStart).deliveryId, number: 1, nextWaitMs: null };
      const loaded = await stores.deliveries.loadAttempt(request);
      const secrets = await stores.webhooks.openSecrets(tenantId, loaded?.secrets ?? []);
      return secrets.signing.map((secret) => secret.reveal());
    };
    const rotated: string[] = [];
    for (let times = 0; times < 7; times += 1) rotated.unshift(await rotate(3_600));
    expect((await signing()).toSorted()).toEqual(rotated.slice(0, 5).toSorted());
    expect((await signing())[0]).toBe(rotated[0]);
  });

  it('changes only in what the patch names', async () => {
    const tenantId = await stores.tenant();
    const before = await stores.webhook(tenantId, { headers: { 'X-Team': 'billing' }, description: 'kept' });
    const patches: Parameters<TestStores['webhooks']['update']>[2][] = [
      { targetUrl: 'https://other.example/' },
      { events: ['x'] },
      { disabled: true },
      { timeoutMs: 100 },
      { maxRetries: 10 },
      { headers: { 'X-Other': '1' } },
      { disabled: false },
      {},
    ];
    let expected: object = before;
    for (const patch of patches) {
      const updated = await stores.webhooks.update(tenantId, before.id, patch, updating(tenantId));
      expected = { ...expected, ...patch, updatedAt: expect.any(Date) };
      expect(updated).toEqual(expected);
      expect(await stores.webhooks.find(tenantId, before.id)).toEqual(updated);
      expect(updated?.updatedAt.getTime()).toBeGreaterThanOrEqual(before.updatedAt.getTime());
    }
  });

  it('is listed newest first, by contract and state, page by page, from and up to an instant', async () => {
    const tenantId = await stores.tenant();
    const made = [];
    for (const [contract, disabled] of [
      ['everhook', false],
      ['sovrin', true],
      ['everhook', true],
    ] as const) {
      made.push(await stores.webhook(tenantId, { contract, disabled }));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    const [one, two, three] = made.map(({ id }) => id);
    const list = async (query: object) =>
      (await stores.webhooks.list(tenantId, { limit: 10, ...query })).data.map(({ id }) => id);
    expect(await list({})).toEqual([three, two, one]);
    expect(await list({ contract: 'everhook' })).toEqual([three, one]);
    expect(await list({ disabled: false })).toEqual([one]);
    expect(await list({ disabled: true, contract: 'sovrin' })).toEqual([two]);
    const first = await stores.webhooks.list(tenantId, { limit: 2 });
    expect(first.data.map(({ id }) => id)).toEqual([three, two]);
    expect(await list({ cursor: first.nextCursor ?? '' })).toEqual([one]);
    expect(await list({ after: made[1]?.createdAt })).toEqual([three, two]);
    expect(await list({ before: made[1]?.createdAt })).toEqual([one]);
  });
});

describe('the audit log of webhooks', () => {
  it('has one entry for each change, with the names of the fields and no value', async () => {
    const tenantId = await stores.tenant();
    const { text, secret } = canary();
    const webhook = await stores.webhook(tenantId, {
      auth: { type: 'basic', username: 'u', password: secret },
      headers: { authorization: text },
    });
    await stores.webhooks.update(
      tenantId,
      webhook.id,
      { disabled: true },
      entry(tenantId, 'webhook.update', ['disabled']),
    );
    await stores.webhooks.rotateSecret(tenantId, webhook.id, newSigningSecret(), 0, entry(tenantId, 'webhook.rotate'));
    await stores.webhooks.remove(tenantId, webhook.id, entry(tenantId, 'webhook.delete'));
    const { data } = await stores.audit.list(tenantId, { limit: 10 });
    expect(data.map(({ action }) => action)).toEqual([
      'webhook.delete',
      'webhook.rotate',
      'webhook.update',
      'webhook.create',
    ]);
    expect(data[2]).toEqual({
      id: expect.any(String),
      at: expect.any(Date),
      tenantId,
      actor: 'client:test',
      action: 'webhook.update',
      objectType: 'webhook',
      objectId: webhook.id,
      fields: ['disabled'],
      address: '127.0.0.1',
      requestId: 'request-1',
      outcome: 'success',
      count: 1,
    });
    expect(JSON.stringify(data)).not.toContain(text);
  });

  it('is written in the same transaction: a change that can not be logged does not happen', async () => {
    const tenantId = await stores.tenant();
    const webhook = await stores.webhook(tenantId, { headers: { authorization: 'one' } });
    const refused = { ...entry(tenantId, 'x'), outcome: 'perhaps' as 'success' };
    const before = await secretsOf(stores, tenantId, webhook.id);
    const attempts = [
      stores.webhooks.update(tenantId, webhook.id, { disabled: true, headers: {} }, refused),
      stores.webhooks.rotateSecret(tenantId, webhook.id, newSigningSecret(), 0, refused),
      stores.webhooks.remove(tenantId, webhook.id, refused),
    ];
    for (const attempt of attempts) await expect(attempt).rejects.toThrow(/check constraint/);
    expect(await stores.webhooks.find(tenantId, webhook.id)).toEqual(webhook);
    expect(await secretsOf(stores, tenantId, webhook.id)).toEqual(before);
    expect((await stores.audit.list(tenantId, { limit: 10 })).data).toHaveLength(1);
  });

  it('has no entry for a change that could not be committed', async () => {
    const tenantId = await stores.tenant();
    const { id } = await stores.webhook(tenantId);
    await stores.database.raw(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused at commit'; END $$;
      CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON webhooks DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.id = '${id}') EXECUTE FUNCTION refuse();
    `);
    try {
      const rotation = entry(tenantId, 'webhook.rotate');
      for (const change of [
        () => stores.webhooks.update(tenantId, id, { disabled: true }, updating(tenantId)),
        () => stores.webhooks.rotateSecret(tenantId, id, newSigningSecret(), 0, rotation),
        () => stores.webhooks.remove(tenantId, id, entry(tenantId, 'webhook.delete')),
      ]) {
        await expect(change()).rejects.toThrow('refused at commit');
      }
      expect((await stores.audit.list(tenantId, { limit: 10 })).data).toHaveLength(1);
    } finally {
      await stores.database.raw('DROP TRIGGER refuse ON webhooks; DROP FUNCTION refuse;');
    }
  });

  it('has no entry for a change that was refused', async () => {
    const tenantId = await stores.tenant();
    await expect(stores.webhook(tenantId, { maxRetries: 11 })).rejects.toThrow(/check constraint/);
    expect((await stores.audit.list(tenantId, { limit: 10 })).data).toEqual([]);
    expect((await stores.webhooks.list(tenantId, { limit: 10 })).data).toEqual([]);
    expect(await stores.database('webhook_secrets').where({ tenant_id: tenantId })).toEqual([]);
  });
});
