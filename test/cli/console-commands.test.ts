import { createAuditStore } from '../../src/store/audit';
import { createConsoleSessionStore } from '../../src/store/console-sessions';
import { createDatabase, type Database } from '../../src/store/database';
import { createTenantStore, scopes } from '../../src/store/tenants';
import { hashClientSecret } from '../../src/platform/tokens';
import { Secret } from '../../src/domain/secret';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { everhook, everhookJson } from './everhook';

// Every command is a process of its own, and both cores may be busy.
jest.setTimeout(120_000);

let testDatabase: TestDatabase;
let database: Database;
let env: NodeJS.ProcessEnv;
let tenantId: string;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase(testDatabase.url);
  env = { DATABASE_URL: testDatabase.url, EVERHOOK_URL: 'https://hooks.example/' };
  tenantId = (await createTenantStore(database).createTenant('Acme')).id;
});
afterAll(async () => {
  await database.destroy();
  await testDatabase.drop();
});

it('console link makes what opens one session of an operator; sessions shows it and revoke ends it', async () => {
  const { stdout, stderr } = await everhook(['console', 'link', '--operator', '--minutes', '5'], { env });
  const [, code = ''] = /^https:\/\/hooks\.example\/console#link=([\w-]{43})\n$/.exec(stdout) ?? [];
  const until = Date.parse(/until (\S+)\.\n/.exec(stderr)?.[1] ?? '');
  expect(Math.abs(until - Date.now() - 5 * 60_000)).toBeLessThan(120_000);

  const sessions = createConsoleSessionStore(database, createAuditStore(database));
  const origin = { address: null, requestId: null };
  const opened = await sessions.openByLink(hashClientSecret(new Secret(code)), Buffer.alloc(32, 1), origin);
  expect(opened).toMatchObject({ tenantId: null, clientId: null, scopes: [...scopes] });

  const shown = await everhook(['console', 'sessions'], { env });
  expect(shown.stdout).toMatch(new RegExp(`^SESSION +WHO +SIGNED IN +LAST SEEN\n${opened?.id} +operator +20`));
  expect(await everhookJson(['console', 'sessions', '--tenant', tenantId], { env })).toEqual({ data: [] });

  expect((await everhook(['console', 'revoke', opened?.id ?? ''], { env })).exitCode).toBe(0);
  expect(await sessions.find(Buffer.alloc(32, 1))).toBeNull();
  expect(await database('audit').orderBy('id', 'desc').first('action', 'actor')).toEqual({
    action: 'console_session.close',
    actor: 'cli',
  });
  expect((await everhook(['console', 'revoke', opened?.id ?? ''], { env })).exitCode).toBe(1);
});

it('console revoke takes a link back that nobody has used', async () => {
  const { stdout, stderr } = await everhook(['console', 'link', '--tenant', tenantId], { env });
  const [, linkId = ''] = /everhook console revoke (\S+)\n$/.exec(stderr) ?? [];
  expect((await everhook(['console', 'revoke', linkId], { env })).stdout).toBe(
    `Link ${linkId} opens nothing any more.\n`,
  );
  const sessions = createConsoleSessionStore(database, createAuditStore(database));
  const code = hashClientSecret(new Secret(stdout.trim().split('=')[1] ?? ''));
  expect(await sessions.openByLink(code, Buffer.alloc(32, 2), { address: null, requestId: null })).toBeNull();
  expect(await database('audit').orderBy('id', 'desc').first('action', 'actor', 'object_id')).toEqual({
    ...{ action: 'console_link.revoke', actor: 'cli', object_id: linkId },
  });
});

it('console link asks whose it is, and refuses what can not be', async () => {
  const codes = await Promise.all(
    [
      [],
      ['--tenant', tenantId, '--operator'],
      ['--tenant', tenantId, '--minutes', '0'],
      ['--tenant', tenantId, '--scopes', 'everything'],
    ].map(async (args) => (await everhook(['console', 'link', ...args], { env })).exitCode),
  );
  expect(codes).toEqual([2, 2, 2, 2]);
  const unknown = await everhook(['console', 'link', '--tenant', '0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f'], { env });
  expect(unknown).toMatchObject({ exitCode: 1, stdout: '' });
  expect(unknown.stderr).toMatch(/^everhook: there is no tenant /);
});
