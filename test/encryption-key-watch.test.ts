import { randomBytes } from 'node:crypto';
import { ConfigurationError } from '../src/platform/config';
import { createKeyring, parseEncryptionKeys } from '../src/platform/keyring';
import { createLogger } from '../src/platform/logging';
import { watchEncryptionKeys, type EncryptionKeyWatch } from '../src/encryption-key-watch';
import { openStoresOn, openTestStores, type TestStores } from './store/stores';

const key = (kid: string) => `${kid}:${randomBytes(32).toString('base64')}`;
const [k1, k2] = [key('k1'), key('k2')];
const ring = (...keys: string[]) => createKeyring(parseEncryptionKeys(keys.join()));

let stores: TestStores;
const open: { close(): unknown }[] = [];

beforeEach(async () => {
  stores = await openTestStores({ keyring: ring(k1) });
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
  await stores.close();
  await stores.drop();
});

const store = async (...keys: string[]) => {
  const other = openStoresOn(stores.url, { keyring: ring(...keys) });
  open.push(other);
  await other.webhook(await other.tenant());
  return other;
};

/** What a process with these keys finds at its start. */
async function startWith(...keys: string[]) {
  const keyring = ring(...keys);
  const others = openStoresOn(stores.url, { keyring });
  open.push(others);
  const logged: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void logged.push(JSON.parse(line) as Record<string, unknown>) };
  const log = createLogger({ level: 'info', role: 'test', destination });
  let missing: number | undefined;
  const metrics = { encryptionKeysMissing: (count: number) => void (missing = count) };
  const watch: EncryptionKeyWatch = await watchEncryptionKeys({
    ...others,
    metrics,
    log,
  });
  open.push(watch);
  return {
    allThere: watch.allThere(),
    missing,
    logged: logged.map(({ level, msg }) => `${String(level)}: ${String(msg)}`),
  };
}

const well = { allThere: true, missing: 0, logged: [] };

it('a start with an empty database, or with every key, finds nothing to say', async () => {
  expect(await startWith(k1)).toEqual(well);
  await store(k1);
  expect(await startWith(k1)).toEqual(well);
  expect(await startWith(k2, k1)).toEqual(well);
});

it('a key that only some old secret needs stops nothing, and is named in log, health and metric', async () => {
  await store(k1);
  await store(k2);
  expect(await startWith(k2)).toEqual({
    allThere: false,
    missing: 1,
    logged: ['error: secrets are stored under keys that ENCRYPTION_KEYS does not have: k1'],
  });
});

it('a start whose keys open nothing of what is stored is refused, naming the keys that would', async () => {
  await store(k1);
  await expect(startWith(k2)).rejects.toThrow(ConfigurationError);
  await expect(startWith(k2)).rejects.toThrow('ENCRYPTION_KEYS has none of the keys that secrets are stored under: k1');
});

it('a start whose first key is another one of the same id is refused, before it stores anything under it', async () => {
  await store(k1);
  await store(k2);
  await expect(startWith(key('k1'), k2)).rejects.toThrow('key k1 is another one than the key of that id');
  expect(await startWith(k2, key('k1'))).toMatchObject({ allThere: false, missing: 1 });
});

it('a damaged secret among others of its key is no reason to refuse the key', async () => {
  const { database } = await store(k1);
  await database('webhook_secrets').update({ ciphertext: 'v1.k1.AAAA.AAAA.AAAA.AAAA' });
  await store(k1);
  expect(await startWith(k1)).toEqual(well);
});

it('looks again every minute: another process may store under a key that is not here', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance'] });
  try {
    const found = [['k2'], []];
    const ciphertexts = {
      storedKeys: async () => ({ kids: ['k1'], unknown: [], wrong: [] }),
      unknownKids: async () => found.shift() ?? [],
    };
    const logged: string[] = [];
    const log = createLogger({ level: 'info', role: 'test', destination: { write: (line) => void logged.push(line) } });
    const counts: number[] = [];
    const metrics = {
      encryptionKeysMissing: (count: number) => void counts.push(count),
    };
    const watch = await watchEncryptionKeys({ ciphertexts, keyring: { currentKid: 'k1' }, metrics, log });
    open.push(watch);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(watch.allThere()).toBe(false);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(watch.allThere()).toBe(true);
    expect(counts).toEqual([0, 1, 0]);
    expect(logged.join('')).toMatch(/does not have: k2[\s\S]*has every key/);
  } finally {
    jest.useRealTimers();
  }
});
