import { lookAtPostgresql } from '../../src/cli/doctor/postgresql';
import { readConfig } from '../../src/platform/config';
import { createDatabase } from '../../src/store/database';
import { createTestDatabase, type TestDatabase } from '../support/database';

let testDatabase: TestDatabase;

beforeAll(async () => {
  testDatabase = await createTestDatabase();
});
afterAll(() => testDatabase.drop());

const config = () =>
  readConfig({
    DATABASE_URL: testDatabase.url,
    TEMPORAL_ADDRESS: '127.0.0.1:7233',
    ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 1).toString('base64')}`,
    TOKEN_SIGNING_KEY: Buffer.alloc(32, 2).toString('base64'),
  });

test.each([
  [
    'that passes by row-level security',
    'ALTER ROLE everhook_tenant BYPASSRLS',
    { detail: /passes by row-level security/, mend: /ALTER ROLE everhook_tenant NOSUPERUSER NOBYPASSRLS/ },
  ],
  [
    'that is a superuser',
    'ALTER ROLE everhook_tenant SUPERUSER',
    { detail: /passes by row-level security/, mend: /ALTER ROLE everhook_tenant NOSUPERUSER NOBYPASSRLS/ },
  ],
  [
    'that is not there',
    'ALTER ROLE everhook_tenant RENAME TO somebody_else',
    { detail: /no role everhook_tenant/, mend: /CREATE ROLE everhook_tenant NOLOGIN/ },
  ],
  [
    'that our user is no member of',
    'CREATE ROLE doctor_user; GRANT pg_read_all_data TO doctor_user; SET LOCAL ROLE doctor_user',
    { detail: /doctor_user may not act as everhook_tenant/, mend: /GRANT everhook_tenant TO doctor_user;/ },
  ],
])('everhook doctor finds a role of tenants %s', async (_what, spoil, { detail, mend }) => {
  const database = createDatabase(testDatabase.url);
  // All databases share the role: what is done to it others must not see.
  const within = await database.transaction();
  try {
    const role = async () =>
      (await lookAtPostgresql(within, config())).findings.find(({ name }) => name === 'tenant role');
    expect(await role()).toMatchObject({ state: 'ok' });
    await within.raw(spoil);
    expect(await role()).toMatchObject({
      state: 'failed',
      detail: expect.stringMatching(detail) as string,
      mend: expect.stringMatching(mend) as string,
    });
  } finally {
    await within.rollback();
    await database.destroy();
  }
});
