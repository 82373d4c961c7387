import { randomBytes } from 'node:crypto';
import { createKeyring, parseEncryptionKeys } from '../../src/platform/keyring';
import { openStoresOn, openTestStores, type TestStores } from '../store/stores';
import { everhook, everhookJson } from './everhook';

// Every command is a process of its own, and both cores may be busy.
jest.setTimeout(120_000);

const key = (kid: string) => `${kid}:${randomBytes(32).toString('base64')}`;
const [k0, k1, k2] = [key('k0'), key('k1'), key('k2')];
const ring = (...keys: string[]) => createKeyring(parseEncryptionKeys(keys.join()));

let stores: TestStores;
const env = (...keys: string[]) => ({ DATABASE_URL: stores.url, ENCRYPTION_KEYS: keys.join() });

beforeEach(async () => {
  stores = await openTestStores({ keyring: ring(k1) });
  const tenantId = await stores.tenant();
  await stores.webhook(tenantId);
  await stores.messageSigningKeys.ensureOne();
});
afterEach(async () => {
  await stores.close();
  await stores.drop();
});

const current = { kid: 'k2', state: 'current', source: 'local' };

test('a rotation: list shows what is under which key, rewrap moves it, list shows that the old key can go', async () => {
  const rotated = { env: env(k2, k1) };
  const where = [
    { table: 'webhook_secrets', column: 'ciphertext', count: 1 },
    { table: 'message_signing_keys', column: 'private_key', count: 1 },
  ];
  expect(await everhookJson(['keys', 'list'], rotated)).toEqual({
    keys: [
      { ...current, stored: 0, where: [] },
      { kid: 'k1', state: 'readable', source: 'local', stored: 2, where },
    ],
  });

  const rewrap = await everhook(['keys', 'rewrap', '--json'], rotated);
  expect(rewrap.exitCode).toBe(0);
  expect(JSON.parse(rewrap.stdout)).toEqual({
    rewrapped: 2,
    changedMeanwhile: 0,
    unreadable: 0,
    interrupted: false,
    keys: [
      { ...current, stored: 2, where },
      { kid: 'k1', state: 'readable', source: 'local', stored: 0, where: [] },
    ],
  });
  const audit = await stores
    .database('audit')
    .where({ action: 'keys.rewrap' })
    .select('tenant_id', 'object_id', 'actor');
  expect(audit).toEqual([{ tenant_id: null, object_id: 'k2', actor: 'cli' }]);
  expect(
    rewrap.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { table: 'webhook_secrets', column: 'ciphertext', of: 1, rewrapped: 1 },
    { table: 'message_signing_keys', column: 'private_key', of: 1, rewrapped: 1 },
  ]);

  expect(await everhookJson(['keys', 'list'], { env: env(k2) })).toEqual({ keys: [{ ...current, stored: 2, where }] });
});

test('both print the same for people', async () => {
  const ended = await everhook(['keys', 'rewrap'], { env: env(k2, k1) });
  expect(ended).toMatchObject({
    exitCode: 0,
    stderr: 'webhook_secrets.ciphertext: 1 of 1\nmessage_signing_keys.private_key: 1 of 1\n',
  });
  expect(ended.stdout).toMatch(/^Re-wrapped: 2\.\n\nKEY +STATE +SOURCE +STORED +WHERE\n/);
  const list = await everhook(['keys', 'list'], { env: env(k2, k1) });
  expect(list.stdout).toMatch(
    /\nk2 +current +local +2 +webhook_secrets 1, message_signing_keys 1\nk1 +readable +local +0\n$/,
  );
});

test('rewrap says what is left under which key, and exits with 1', async () => {
  const lost = openStoresOn(stores.url, { keyring: ring(k0) });
  await lost.webhook(await lost.tenant());
  await lost.close();
  const ended = await everhook(['keys', 'rewrap'], { env: env(k2, k1) });
  expect(ended.exitCode).toBe(1);
  expect(ended.stdout).toMatch(/^Re-wrapped: 2\.\n[\s\S]*\nk0 +not in ENCRYPTION_KEYS +1 +webhook_secrets 1\n$/);
  expect(ended.stderr).toMatch(/\neverhook: not everything is under the first key: 1 under k0\n$/);
});

test('a key service that is away exits with 3, and shows no key', async () => {
  const kms = 'aws:kms:arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
  const nowhere = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'y' };
  const ended = await everhook(['keys', 'rewrap'], { env: { ...env(kms, k1), ...nowhere } });
  expect(ended).toMatchObject({ exitCode: 3, stdout: '' });
  expect(ended.stderr).toMatch(
    /everhook: encryption key aws can't be used now: Encrypt got no usable answer from AWS: ECONNREFUSED\n$/,
  );
  expect(await everhookJson(['keys', 'list'], { env: env(k1) })).toMatchObject({ keys: [{ kid: 'k1', stored: 2 }] });
});

test('an API or a worker with keys of another database does not start, and says which keys it lacks', async () => {
  const token = { TOKEN_SIGNING_KEY: randomBytes(32).toString('base64') };
  for (const role of ['api', 'worker']) {
    const ended = await everhook([role], { env: { ...env(k2), ...token, METRICS_PORT: '0', HOST: '127.0.0.1' } });
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toBe('everhook: ENCRYPTION_KEYS has none of the keys that secrets are stored under: k1\n');
  }
});
