import { newSigningSecret } from '../../src/domain/signing/standard-webhooks';
import type { NewWebhook } from '../../src/store/webhooks';
import { canary, entry, openTestStores, secretsOf, type TestStores } from './stores';

let stores: TestStores;

beforeAll(async () => {
  stores = await openTestStores();
});

afterAll(async () => {
  await stores.close();
  await stores.drop();
});

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

    expect(await secretsOf(stores, tenantId, webhook.id)).toMatchObject({
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
    const { auth: opened } = await secretsOf(stores, tenantId, webhook.id);
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
    expect((await secretsOf(stores, tenantId, id)).signing).toEqual([current, old]);
  });

  it('ends the old one at once without grace, and removes it', async () => {
    const { tenantId, id, current } = await rotated(0);
    expect((await secretsOf(stores, tenantId, id)).signing).toEqual([current]);
    expect(await stores.database('webhook_secrets').where({ webhook_id: id })).toHaveLength(1);
  });

  it('ends the old one when the grace is over', async () => {
    const { tenantId, id, current } = await rotated(60);
    const expired = stores.database.raw(`expires_at - interval '61 s'`);
    await stores.database('webhook_secrets').where({ webhook_id: id }).update({ expires_at: expired });
    expect((await secretsOf(stores, tenantId, id)).signing).toEqual([current]);
  });

  it('again within the grace keeps the promise made to the oldest, newest first', async () => {
    const { tenantId, id, old, current, rotation } = await rotated(60);
    const newest = newSigningSecret();
    await stores.webhooks.rotateSecret(tenantId, id, newest, 3_600, rotation);
    expect((await secretsOf(stores, tenantId, id)).signing).toEqual([newest.reveal(), current, old]);
  });

  it('again without grace ends the one before and keeps the promise made to the oldest', async () => {
    const { tenantId, id, old, rotation } = await rotated(60);
    const newest = newSigningSecret();
    await stores.webhooks.rotateSecret(tenantId, id, newest, 0, rotation);
    expect((await secretsOf(stores, tenantId, id)).signing).toEqual([newest.reveal(), old]);
  });

  it('by many at once leaves exactly one that does not expire', async () => {
    const { tenantId, id, rotation } = await rotated(60);
    await Promise.all(
      Array.from({ length: 6 }, () => stores.webhooks.rotateSecret(tenantId, id, newSigningSecret(), 60, rotation)),
    );
    const lasting = stores.database('webhook_secrets').where({ webhook_id: id }).whereNull('expires_at');
    expect(await lasting).toHaveLength(1);
    expect((await secretsOf(stores, tenantId, id)).signing).toHaveLength(5);
  });

  it('leaves the other secrets alone', async () => {
    const tenantId = await stores.tenant();
    const { secret, text } = canary();
    const auth = { type: 'basic', username: 'u', password: secret } as const;
    const { id } = await stores.webhook(tenantId, { auth, headers: { cookie: 'a=b' } });
    await stores.webhooks.rotateSecret(tenantId, id, newSigningSecret(), 0, entry(tenantId, 'x'));
    expect(await secretsOf(stores, tenantId, id)).toMatchObject({ auth: { value: text }, headers: { cookie: 'a=b' } });
  });
});

describe('secret headers', () => {
  const shownAfter = async (before: Record<string, string>, headers: Record<string, string>) => {
    const tenantId = await stores.tenant();
    const { id } = await stores.webhook(tenantId, { headers: before });
    const updated = await stores.webhooks.update(tenantId, id, { headers }, updating(tenantId));
    return { shown: updated?.headers, values: (await secretsOf(stores, tenantId, id)).headers };
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
    expect((await secretsOf(stores, tenantId, id)).headers).toEqual({ authorization: 'one' });
  });
});
