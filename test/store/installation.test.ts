import { randomBytes } from 'node:crypto';
import { createKeyring, parseEncryptionKeys } from '../../src/platform/keyring';
import { createDatabase, type Database } from '../../src/store/database';
import { createInstallationStore } from '../../src/store/installation';
import { createTestDatabase, type TestDatabase } from '../support/database';

let testDatabase: TestDatabase;
let database: Database;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase(testDatabase.url, { max: 3 });
});
afterAll(async () => {
  await database.destroy();
  await testDatabase.drop();
});
beforeEach(() => database('installation').delete());

const key = (kid: string) => `${kid}:${randomBytes(32).toString('base64')}`;
const [one, two] = [key('k1'), key('k2')];
const under = (...keys: string[]) =>
  createInstallationStore(database, createKeyring(parseEncryptionKeys(keys.join(','))));
const kid = async () => (await database('installation').first<{ canary: string }>('canary')).canary.split('.')[1];

it('an installation that has stored nothing lacks no key', async () => {
  expect(await under(one).opensCanary()).toBe(true);
});

it('the canary opens under the key in use, and under no other', async () => {
  await Promise.all([under(one).keepCanary(), under(one).keepCanary()]);
  expect(await under(one).opensCanary()).toBe(true);
  expect(await under(two, one).opensCanary()).toBe(true);
  expect(await under(two).opensCanary()).toBe(false);
  // The right name for other bytes.
  expect(await under(key('k1')).opensCanary()).toBe(false);
});

it('it goes along with a rotation: who falls back behind it is told', async () => {
  await under(one).keepCanary();
  await under(two, one).keepCanary();
  expect(await kid()).toBe('k2');
  expect(await under(one).opensCanary()).toBe(false);
  expect(await under(one, two).opensCanary()).toBe(true);
});

it('a start without the key in use does not hush it up', async () => {
  await under(one).keepCanary();
  await under(two).keepCanary();
  expect(await kid()).toBe('k1');
});

it('keeps the id that marks what is ours in AWS', async () => {
  const id = '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f';
  await database('installation').insert({ id });
  await under(one).keepCanary();
  expect(await database('installation').select('id')).toEqual([{ id }]);
  expect(await under(two).opensCanary()).toBe(false);
});
