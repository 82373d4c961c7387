import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { Secret } from '../../src/domain/secret';
import { createKeyring, parseEncryptionKeys } from '../../src/platform/keyring';
import { createApiKeyValues } from '../../src/store/api-key-values';
import { ciphertextColumns } from '../../src/store/ciphertext-columns';
import type { RewrapProgress } from '../../src/store/ciphertexts';
import { createCredentialStore } from '../../src/store/credentials';
import { createInstallationStore } from '../../src/store/installation';
import { newConsent } from './new-consent';
import { canary, entry, openStoresOn, openTestStores, secretsOf, type TestStores } from './stores';

const key = (kid: string) => `${kid}:${randomBytes(32).toString('base64')}`;
const [old, current, lost] = [key('old'), key('current'), key('lost')];
const ring = (...keys: string[]) => createKeyring(parseEncryptionKeys(keys.join()));

/** Every table with a row of each kind of ciphertext, under the first key of a ring; and as others see it. */
async function filled(keyring = ring(old)) {
  const stores = await openTestStores({ keyring });
  const open: (ReturnType<typeof openStoresOn> | TestStores)[] = [stores];
  const tenantId = await stores.tenant();
  const [password, header, reason] = [canary(), canary(), canary()];
  const webhook = await stores.webhook(tenantId, {
    auth: { type: 'basic', username: 'user', password: password.secret },
    headers: { Authorization: header.text },
  });
  await stores.messageSigningKeys.ensureOne();
  await createInstallationStore(stores.database, keyring).keepCanary();
  const { consent } = await stores.consents.create(newConsent(tenantId), entry(tenantId, 'consent.create'));
  const action = { action: 'revoke', reason: reason.text } as const;
  await stores.consents.accept(tenantId, consent.id, action, entry(tenantId, 'consent.revoke'));
  const { database, audit } = stores;
  const credentials = createCredentialStore({ database, audit, deadlineMs: 25_000 });
  const acceptance = await credentials.acceptCreate(tenantId, credentialRequest, entry(tenantId, 'credential.create'));
  if (acceptance.kind !== 'accepted') throw new Error(acceptance.kind);
  const { credentialId } = acceptance.operation;
  const valueOf = async (with_ = keyring) =>
    (await createApiKeyValues({ database, keyring: with_ }).of({ tenantId, credentialId }))?.reveal();
  await valueOf();

  return {
    stores,
    tenantId,
    webhook,
    password,
    header,
    valueOf,
    /** Another process on the same database. */
    as(...keys: string[]) {
      const other = openStoresOn(stores.url, { keyring: ring(...keys) });
      open.push(other);
      return other;
    },
    kids: async () =>
      Object.fromEntries((await stores.ciphertexts.uses()).map((use) => [`${use.table} ${use.kid}`, use.count])),
    async close() {
      await Promise.all(open.map((one) => one.close()));
      await stores.drop();
    },
  };
}

const smallTables = ['message_signing_keys', 'installation'];

const credentialRequest = {
  appName: 'app',
  appSlug: 'slug',
  developer: 'dev@example.com',
  credentialType: 'API_KEY' as const,
  apis: [{ id: 'api1', usagePlans: ['plan1'] }],
  scopes: [],
  region: null,
  userPoolId: null,
};

let one: Awaited<ReturnType<typeof filled>>;
const onOneDatabase = () => {
  beforeAll(async () => {
    one = await filled();
  });
  afterAll(() => one.close());
};
const onOneEach = () => {
  beforeEach(async () => {
    one = await filled();
  });
  afterEach(() => one.close());
};

describe('the list of columns with ciphertexts', () => {
  onOneDatabase();

  it('has every column of the database that holds one, and no other', async () => {
    const { rows: columns } = await one.stores.database.raw<{ rows: { table: string; column: string }[] }>(
      `SELECT c.table_name AS table, c.column_name AS column FROM information_schema.columns c
       JOIN information_schema.tables t USING (table_schema, table_name)
       WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'`,
    );
    const holding: string[] = [];
    for (const { table, column } of columns) {
      const { rows } = await one.stores.database.raw<{ rows: unknown[] }>(
        `SELECT 1 FROM ${table} WHERE "${column}"::text ~ 'v1[.]old[.]' LIMIT 1`,
      );
      if (rows.length > 0) holding.push(`${table}.${column}`);
    }
    const listed = ciphertextColumns.map(({ table, column }) => `${table}.${column}`);
    expect(holding.sort()).toEqual(listed.sort());
  });

  it('is what the stores take their bindings from: whoever encrypts something new adds it there', () => {
    const root = path.resolve(__dirname, '..', '..', 'src');
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.startsWith('store/'));
    const sources = files
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(path.join(root, file), 'utf8'));
    const users = sources.filter((text) => /keyring\.(encrypt|decrypt)\(/.test(text));
    expect(users.length).toBeGreaterThanOrEqual(4);
    expect(users.filter((text) => !text.includes("from './ciphertext-columns'"))).toEqual([]);
  });

  it('names for each the key of its table', async () => {
    for (const { table, key: columns } of ciphertextColumns) {
      const { rows } = await one.stores.database.raw<{ rows: { name: string }[] }>(
        `SELECT a.attname AS name FROM pg_index i
         JOIN unnest(i.indkey) WITH ORDINALITY AS k (number, place) ON true
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
         WHERE i.indrelid = ?::regclass AND i.indisprimary ORDER BY k.place`,
        [table],
      );
      expect([table, rows.map(({ name }) => name)]).toEqual([table, columns]);
    }
  });
});

describe('keys in use', () => {
  onOneDatabase();

  it('are counted by column, whether the ring has them or not', async () => {
    const all = await one.as(current).ciphertexts.uses();
    expect(all).toEqual([
      { kid: 'old', table: 'webhook_secrets', column: 'ciphertext', count: 3 },
      { kid: 'old', table: 'message_signing_keys', column: 'private_key', count: 1 },
      { kid: 'old', table: 'consents', column: 'document_identification', count: 1 },
      { kid: 'old', table: 'consent_actions', column: 'reason', count: 1 },
      { kid: 'old', table: 'installation', column: 'canary', count: 1 },
      { kid: 'old', table: 'credentials', column: 'value_key', count: 1 },
    ]);
  });

  it('are told apart: known, unknown, and another one of the same id', async () => {
    await one.as(lost).webhooks.create(await newWebhookOf(one), entry(one.tenantId, 'webhook.create'));
    expect(await one.as(current, old).ciphertexts.unknownKids()).toEqual(['lost']);
    const namesake = key('old');
    expect(await one.as(current, namesake, lost).ciphertexts.storedKeys()).toEqual({
      kids: ['lost', 'old'],
      unknown: [],
      wrong: ['old'],
    });
    expect(await one.as(current, old).ciphertexts.storedKeys()).toEqual({
      kids: ['lost', 'old'],
      unknown: ['lost'],
      wrong: [],
    });
  });

  it('are looked up in an index, so that a start does not read large tables', async () => {
    await one.stores.database.transaction(async (within) => {
      await within.raw('SET LOCAL enable_seqscan = off');
      for (const { table, column } of ciphertextColumns.filter(({ table: name }) => !smallTables.includes(name))) {
        const { rows } = await within.raw<{ rows: { 'QUERY PLAN': string }[] }>(
          `EXPLAIN SELECT split_part(${column}, '.', 2) FROM ${table}
           WHERE ${column} IS NOT NULL AND split_part(${column}, '.', 2) > 'a' ORDER BY 1 LIMIT 1`,
        );
        expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain(`Index Scan using ${table}_by_kid`);
      }
    });
  });
});

describe('re-wrapping', () => {
  onOneEach();

  it('puts everything under the first key, and all of it opens without the old one', async () => {
    const value = await one.valueOf();
    const progress: RewrapProgress[] = [];
    const outcome = await one.as(current, old).ciphertexts.rewrap({ onProgress: (now) => progress.push(now) });
    expect(outcome).toEqual({ rewrapped: 8, changedMeanwhile: 0, unreadable: 0, interrupted: false });
    expect(progress).toContainEqual({ table: 'webhook_secrets', column: 'ciphertext', of: 3, rewrapped: 3 });
    expect(new Set((await one.stores.ciphertexts.uses()).map(({ kid }) => kid))).toEqual(new Set(['current']));

    const later = one.as(current);
    const secrets = await secretsOf({ ...later, drop: one.stores.drop }, one.tenantId, one.webhook.id);
    expect(secrets).toMatchObject({ auth: { value: one.password.text }, headers: { authorization: one.header.text } });
    expect(await later.messageSigningKeys.published(new Date())).toHaveLength(1);
    expect(await one.valueOf(ring(current))).toBe(value);
    for (const column of ciphertextColumns) await expectToOpen(later, column, ring(current));
    expect(await later.ciphertexts.rewrap()).toMatchObject({ rewrapped: 0 });
  });

  it('lets a change by somebody else win, whichever comes first', async () => {
    const other = one.as(current, old);
    const rotated = new Secret('rotated');
    const keyring = ring(current, old);
    const slow: typeof keyring = {
      ...keyring,
      async rewrap(ciphertext, binding) {
        if (binding.field === 'auth') {
          const update = { ciphertext: await keyring.encrypt(rotated, binding) };
          await other.database('webhook_secrets').where({ id: binding.recordId }).update(update);
        }
        if (binding.field === 'signing')
          await other.database('webhook_secrets').where({ id: binding.recordId }).delete();
        return keyring.rewrap(ciphertext, binding);
      },
    };
    const meanwhile = openStoresOn(one.stores.url, { keyring: slow });
    expect(await meanwhile.ciphertexts.rewrap()).toMatchObject({ rewrapped: 6, changedMeanwhile: 2 });
    await meanwhile.close();
    const secrets = await secretsOf({ ...other, drop: one.stores.drop }, one.tenantId, one.webhook.id);
    expect(secrets).toMatchObject({ signing: [], auth: { value: 'rotated' } });
  });

  it('leaves what it can not open as it is, and goes on with the rest', async () => {
    const { database } = one.stores;
    await one.as(lost).webhooks.create(await newWebhookOf(one), entry(one.tenantId, 'webhook.create'));
    await database('webhook_secrets').where({ field: 'auth' }).update({ ciphertext: 'v1.old.AAAA.AAAA.AAAA.AAAA' });
    expect(await one.as(current, old).ciphertexts.rewrap()).toMatchObject({ rewrapped: 7, unreadable: 1 });
    expect(await one.kids()).toMatchObject({
      'webhook_secrets current': 2,
      'webhook_secrets lost': 1,
      'webhook_secrets old': 1,
    });
  });

  it('goes through a table page by page, can be called off, and goes on with the rest when it is done again', async () => {
    await one.stores.database.raw(
      `INSERT INTO webhook_secrets (tenant_id, webhook_id, id, field, ciphertext, created_at)
       SELECT ?, ?, gen_random_uuid(), 'header:x', 'v1.current.x', now() FROM generate_series(1, 2500)`,
      [one.tenantId, one.webhook.id],
    );
    const abort = new AbortController();
    const { ciphertexts } = one.as(current, old);
    const first = await ciphertexts.rewrap({ signal: abort.signal, onProgress: () => abort.abort() });
    expect(first).toMatchObject({ interrupted: true, unreadable: 0 });
    const second = await ciphertexts.rewrap();
    expect(second.interrupted).toBe(false);
    expect(first.rewrapped).toBeGreaterThan(0);
    expect(first.rewrapped + second.rewrapped).toBe(8);
    expect(await one.kids()).toMatchObject({ 'webhook_secrets current': 2503, 'credentials current': 1 });
  });

  it('by two at once does everything once', async () => {
    const outcomes = await Promise.all([1, 2].map(() => one.as(current, old).ciphertexts.rewrap()));
    expect(outcomes.reduce((sum, { rewrapped }) => sum + rewrapped, 0)).toBe(8);
    expect(outcomes.map(({ unreadable }) => unreadable)).toEqual([0, 0]);
  });
});

describe('the value of an API key that is being made', () => {
  onOneDatabase();

  it('stays the same when ENCRYPTION_KEYS gets a new first key, and when what it is made from is re-wrapped', async () => {
    const before = await one.valueOf();
    expect(before).toMatch(/^[A-Za-z0-9]{40}$/);
    expect(await one.valueOf(ring(current, old))).toBe(before);
    await one.as(current, old).ciphertexts.rewrap();
    expect(await one.valueOf(ring(current))).toBe(before);
  });

  it('is one for all who need it first at the same time', async () => {
    await one.stores.database('credentials').update({ value_key: null });
    const values = await Promise.all(Array.from({ length: 8 }, () => one.valueOf()));
    expect(new Set(values).size).toBe(1);
  });

  it('is not made with a key that is missing, nor once it is handed over', async () => {
    await expect(one.valueOf(ring(current))).rejects.toThrow('no encryption key old');
    await one.stores.database('credentials').update({ value_salt: null });
    expect(await one.valueOf()).toBeUndefined();
  });
});

async function newWebhookOf({ tenantId }: { tenantId: string }) {
  return {
    tenantId,
    contract: 'everhook' as const,
    targetUrl: 'https://receiver.example/hook',
    events: ['everhook.test'],
    disabled: false,
    auth: { type: 'noauth' as const },
    headers: {},
    timeoutMs: 3_000,
    maxRetries: 3,
    signingSecret: canary().secret,
  };
}

/** Every ciphertext of a column opens where it stands. */
async function expectToOpen(
  { database }: ReturnType<typeof openStoresOn>,
  { table, column, bindingOf }: (typeof ciphertextColumns)[number],
  keyring: ReturnType<typeof ring>,
) {
  const rows = await database(table).whereNotNull(column).select<Record<string, string>[]>('*');
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) await keyring.decrypt(row[column] ?? '', bindingOf(row));
}
