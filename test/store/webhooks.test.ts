import { newId } from '../../src/domain/ids';
import { newSigningSecret } from '../../src/domain/signing/standard-webhooks';
import type { NewWebhook } from '../../src/store/webhooks';
import { canary, entry, only, openTestStores, type TestStores } from './stores';

let stores: TestStores;

beforeAll(async () => {
  stores = await openTestStores();
});

afterAll(async () => {
  await stores.close();
  await stores.drop();
});

/** The secrets of a webhook as a delivery finds them. */
async function secretsOf(tenantId: string, webhookId: string) {
  const { toStart } = await stores.publish(tenantId, { webhookId });
  const loaded = await stores.deliveries.loadAttempt({ ...only(toStart), number: 1, nextWaitMs: null });
  const opened = await stores.webhooks.openSecrets(tenantId, loaded?.secrets ?? []);
  return {
    signing: opened.signing.map((secret) => secret.reveal()),
    auth: opened.auth && { id: opened.auth.id, value: opened.auth.value.reveal() },
    headers: Object.fromEntries([...opened.headers].map(([name, secret]) => [name, secret.reveal()])),
  };
}

/** Every row of every table as text. */
async function everything(): Promise<string> {
  const { rows: tables } = await stores.database.raw<{ rows: { name: string }[] }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'`,
  );
  const dumps = await Promise.all(
    tables.map(async ({ name }) => {
      const { rows } = await stores.database.raw<{ rows: { row: string }[] }>(`SELECT t::text AS row FROM ${name} t`);
      return rows.map(({ row }) => row).join('\n');
    }),
  );
  return dumps.join('\n');
}

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
      events: ['b', 'a'],
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

describe('the secrets of a webhook', () => {
  it('are nowhere in the database as they are, and come back as they were', async () => {
    const tenantId = await stores.tenant();
    const [password, header, replaced] = [canary(), canary(), canary()];
    const signing = newSigningSecret();
    const webhook = await stores.webhook(tenantId, {
      signingSecret: signing,
      auth: { type: 'basic', username: 'user', password: password.secret },
      headers: { Authorization: header.text, 'X-Plain': 'visible-value' },
    });
    const rotated = newSigningSecret();
    await stores.webhooks.rotateSecret(tenantId, webhook.id, rotated, 60, entry(tenantId, 'webhook.rotate'));
    const headers = { Authorization: '[redacted]', 'x-api-key': replaced.text };
    await stores.webhooks.update(tenantId, webhook.id, { headers }, updating(tenantId));

    expect(await secretsOf(tenantId, webhook.id)).toMatchObject({
      signing: [rotated.reveal(), signing.reveal()],
      auth: { value: password.text },
      headers: { authorization: header.text, 'x-api-key': replaced.text },
    });
    const dump = await everything();
    expect(dump).toContain('everhook.test');
    for (const text of [password.text, header.text, replaced.text, signing.reveal(), rotated.reveal()]) {
      expect(dump).not.toContain(text);
      expect(dump).not.toContain(Buffer.from(text).toString('hex'));
      expect(dump).not.toContain(Buffer.from(text).toString('base64').slice(0, 24));
    }
    expect(dump).not.toContain(signing.reveal().replace('whsec_', ''));
  });

  it.each<[string, NewWebhook['auth']]>([
    ['a password', { type: 'basic', username: 'ü:ser', password: canary().secret }],
    [
      'a client secret',
      { type: 'client_credential', clientId: 'id', clientSecret: canary().secret, tokenUrl: 'https://t.example/' },
    ],
  ])('include %s, of which only the rest is shown', async (_name, auth) => {
    const tenantId = await stores.tenant();
    const webhook = await stores.webhook(tenantId, { auth });
    const { auth: opened } = await secretsOf(tenantId, webhook.id);
    expect(opened?.value).toMatch(/^canary-/);
    expect(JSON.stringify(webhook)).not.toContain('canary-');
    expect(Object.keys(webhook.auth)).toEqual(Object.keys(auth).filter((key) => !/password|clientSecret/.test(key)));
  });

  it('do not decrypt for another webhook, field or tenant, as if rows had been swapped', async () => {
    const [tenantId, stranger] = [await stores.tenant(), await stores.tenant()];
    const auth = { type: 'basic', username: 'u', password: canary().secret } as const;
    await stores.webhook(tenantId, { auth });
    const rows = await stores
      .database('webhook_secrets')
      .where({ tenant_id: tenantId })
      .select<{ id: string; field: string; ciphertext: string }[]>('id', 'field', 'ciphertext');
    const [one, two] = rows;
    if (!one || !two) throw new Error('too few');
    await expect(stores.webhooks.openSecrets(tenantId, rows)).resolves.toBeDefined();
    await expect(stores.webhooks.openSecrets(stranger, [one])).rejects.toThrow('does not decrypt');
    await expect(stores.webhooks.openSecrets(tenantId, [{ ...one, id: two.id }])).rejects.toThrow('does not decrypt');
    const renamed = { ...one, field: 'header:x-token' };
    await expect(stores.webhooks.openSecrets(tenantId, [renamed])).rejects.toThrow('does not decrypt');
  });
});

describe('rotating the signing secret', () => {
  async function rotated(graceSeconds: number) {
    const tenantId = await stores.tenant();
    const [old, current] = [newSigningSecret(), newSigningSecret()];
    const { id } = await stores.webhook(tenantId, { signingSecret: old });
    const rotation = entry(tenantId, 'webhook.rotate_secret', ['secret']);
    expect(await stores.webhooks.rotateSecret(tenantId, id, current, graceSeconds, rotation)).toBe(true);
    return { tenantId, id, old: old.reveal(), current: current.reveal(), rotation };
  }

  it('has both sign during the grace, the new one first', async () => {
    const { tenantId, id, old, current } = await rotated(60);
    expect((await secretsOf(tenantId, id)).signing).toEqual([current, old]);
  });

  it('ends the old one at once without grace, and removes it', async () => {
    const { tenantId, id, current } = await rotated(0);
    expect((await secretsOf(tenantId, id)).signing).toEqual([current]);
    expect(await stores.database('webhook_secrets').where({ webhook_id: id })).toHaveLength(1);
  });

  it('ends the old one when the grace is over', async () => {
    const { tenantId, id, current } = await rotated(60);
    const expired = stores.database.raw(`expires_at - interval '61 s'`);
    await stores.database('webhook_secrets').where({ webhook_id: id }).update({ expires_at: expired });
    expect((await secretsOf(tenantId, id)).signing).toEqual([current]);
  });

  it('again within the grace keeps the promise made to the oldest, newest first', async () => {
    const { tenantId, id, old, current, rotation } = await rotated(60);
    const newest = newSigningSecret();
    await stores.webhooks.rotateSecret(tenantId, id, newest, 3_600, rotation);
    expect((await secretsOf(tenantId, id)).signing).toEqual([newest.reveal(), current, old]);
  });

  it('again without grace ends the one before and keeps the promise made to the oldest', async () => {
    const { tenantId, id, old, rotation } = await rotated(60);
    const newest = newSigningSecret();
    await stores.webhooks.rotateSecret(tenantId, id, newest, 0, rotation);
    expect((await secretsOf(tenantId, id)).signing).toEqual([newest.reveal(), old]);
  });

  it('by many at once leaves exactly one that does not expire', async () => {
    const { tenantId, id, rotation } = await rotated(60);
    await Promise.all(
      Array.from({ length: 6 }, () => stores.webhooks.rotateSecret(tenantId, id, newSigningSecret(), 60, rotation)),
    );
    const lasting = stores.database('webhook_secrets').where({ webhook_id: id }).whereNull('expires_at');
    expect(await lasting).toHaveLength(1);
    expect((await secretsOf(tenantId, id)).signing).toHaveLength(8);
  });

  it('leaves the other secrets alone', async () => {
    const tenantId = await stores.tenant();
    const { secret, text } = canary();
    const auth = { type: 'basic', username: 'u', password: secret } as const;
    const { id } = await stores.webhook(tenantId, { auth, headers: { cookie: 'a=b' } });
    await stores.webhooks.rotateSecret(tenantId, id, newSigningSecret(), 0, entry(tenantId, 'x'));
    expect(await secretsOf(tenantId, id)).toMatchObject({ auth: { value: text }, headers: { cookie: 'a=b' } });
  });
});

describe('secret headers', () => {
  const shownAfter = async (before: Record<string, string>, headers: Record<string, string>) => {
    const tenantId = await stores.tenant();
    const { id } = await stores.webhook(tenantId, { headers: before });
    const updated = await stores.webhooks.update(tenantId, id, { headers }, updating(tenantId));
    return { shown: updated?.headers, values: (await secretsOf(tenantId, id)).headers };
  };

  it('keep their value when [redacted] comes back, in whatever spelling of the name', async () => {
    expect(await shownAfter({ Authorization: 'one', Cookie: 'a=b' }, { authorization: '[redacted]' })).toEqual({
      shown: { authorization: '[redacted]' },
      values: { authorization: 'one' },
    });
  });

  it('take a new value, and leave when they are not sent', async () => {
    expect(await shownAfter({ 'x-api-key': 'one', cookie: 'a=b' }, { 'x-api-key': 'two', 'x-plain': 'p' })).toEqual({
      shown: { 'x-api-key': '[redacted]', 'x-plain': 'p' },
      values: { 'x-api-key': 'two' },
    });
    expect(await shownAfter({ 'x-api-key': 'one' }, {})).toEqual({ shown: {}, values: {} });
  });

  it('do not appear out of [redacted] where there was no value', async () => {
    expect(await shownAfter({}, { authorization: '[redacted]' })).toEqual({ shown: {}, values: {} });
  });

  it('stay untouched by a patch without headers', async () => {
    const tenantId = await stores.tenant();
    const { id } = await stores.webhook(tenantId, { headers: { authorization: 'one' } });
    await stores.webhooks.update(tenantId, id, { disabled: true }, updating(tenantId));
    await stores.webhooks.update(tenantId, id, { disabled: false }, updating(tenantId));
    expect((await secretsOf(tenantId, id)).headers).toEqual({ authorization: 'one' });
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
      actor: 'client:test',
      action: 'webhook.update',
      objectType: 'webhook',
      objectId: webhook.id,
      fields: ['disabled'],
      address: '127.0.0.1',
      requestId: 'request-1',
      outcome: 'success',
    });
    expect(JSON.stringify(data)).not.toContain(text);
  });

  it('is written in the same transaction: a change that can not be logged does not happen', async () => {
    const tenantId = await stores.tenant();
    const webhook = await stores.webhook(tenantId, { headers: { authorization: 'one' } });
    const refused = { ...entry(tenantId, 'x'), outcome: 'perhaps' as 'success' };
    const before = await secretsOf(tenantId, webhook.id);
    const attempts = [
      stores.webhooks.update(tenantId, webhook.id, { disabled: true, headers: {} }, refused),
      stores.webhooks.rotateSecret(tenantId, webhook.id, newSigningSecret(), 0, refused),
      stores.webhooks.remove(tenantId, webhook.id, refused),
    ];
    for (const attempt of attempts) await expect(attempt).rejects.toThrow(/check constraint/);
    expect(await stores.webhooks.find(tenantId, webhook.id)).toEqual(webhook);
    expect(await secretsOf(tenantId, webhook.id)).toEqual(before);
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
