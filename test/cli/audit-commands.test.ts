import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Command } from 'commander';
import { createAuditReader } from '../../src/store/audit-reader';
import { createAuditStore, type AuditEntry, type NewAuditEntry } from '../../src/store/audit';
import { createDatabase, type Database } from '../../src/store/database';
import { createTenantStore } from '../../src/store/tenants';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { everhook, everhookJson, main } from './everhook';

// Every command is a process of its own, and both cores may be busy.
jest.setTimeout(120_000);

let testDatabase: TestDatabase;
let database: Database;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  testDatabase = await createTestDatabase();
  database = createDatabase(testDatabase.url);
  env = { DATABASE_URL: testDatabase.url, ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}` };
});
afterAll(async () => {
  await database.destroy();
  await testDatabase.drop();
});

const newTenant = async () => (await createTenantStore(database).createTenant('Acme')).id;
const append = (tenantId: string | null, action: string, rest: Partial<NewAuditEntry> = {}) =>
  createAuditStore(database).append({
    tenantId,
    actor: 'client:c',
    action,
    objectType: 'webhook',
    objectId: 'w',
    fields: ['headers', 'events'],
    address: '192.0.2.1',
    requestId: 'r',
    outcome: 'success',
    ...rest,
  });

/** What every command does about the audit log: its action, or why it leaves none. */
const commands: Record<string, string> = {
  'tenant create': 'tenant.create',
  'client create': 'client.create',
  'client revoke': 'client.revoke',
  'console link': 'console_link.create',
  'console revoke': 'console_session.close',
  'console sessions': 'reads',
  'signing-key rotate': 'signing_key.rotate',
  'keys rewrap': 'keys.rewrap',
  'keys list': 'reads',
  'retention run': 'retention.drop',
  'sensedia configure': 'portal.configure',
  'credential repair': 'credential.repair',
  demo: 'has a database of its own',
  migrate: 'schema_migrations tells',
  start: 'serves',
  api: 'serves',
  worker: 'serves',
  doctor: 'reads',
  'deployment show': 'reads',
  'deployment set-current': 'Temporal tells; it may be used without a database',
  'deployment ramp': 'Temporal tells; it may be used without a database',
  'deployment drain-status': 'reads',
  replay: 'reads files',
  completion: 'prints a script',
  'client list': 'reads',
  'audit tail': 'reads',
  'audit export': 'reads',
};
const overTheApi = ['webhook', 'event-type', 'event', 'delivery', 'consent', 'credential'];

describe('a command that changes something', () => {
  it('is in this test, or there is a reason why it leaves nothing', () => {
    const program = path.join(path.dirname(main), 'program.js');
    const { createProgram } = createRequire(__filename)(program) as { createProgram(): Command };
    const leaves = (command: Command, words: string[] = []): string[] => {
      const subs = command.commands.filter((sub) => sub.name() !== 'help');
      return subs.length === 0 ? [words.join(' ')] : subs.flatMap((sub) => leaves(sub, [...words, sub.name()]));
    };
    const unknown = leaves(createProgram()).filter(
      (name) => !(name in commands) && !overTheApi.includes(name.split(' ')[0] ?? ''),
    );
    expect(unknown).toEqual([]);
  });

  it('leaves its entry', async () => {
    const since = new Date();
    const { tenantId } = await everhookJson(['tenant', 'create', '--name', 'Acme'], { env });
    const tenant = ['--tenant', String(tenantId)];
    const { clientId } = await everhookJson(['client', 'create', ...tenant], { env });
    await everhookJson(['client', 'revoke', ...tenant, String(clientId)], { env });
    const link = await everhookJson(['console', 'link', ...tenant, '--scopes', 'webhooks:read'], { env });
    expect(link).toMatchObject({ tenantId, operator: false, scopes: ['webhooks:read'] });
    expect(link.url).toMatch(/^http:\/\/localhost:3000\/console#link=[\w-]{43}$/);
    const { kid } = await everhookJson(['signing-key', 'rotate'], { env });
    const portal = ['--username', 'portal', '--password-stdin', '--credential-type', 'API_KEY'];
    await everhookJson(['sensedia', 'configure', ...tenant, ...portal], { env, input: 'canary-password' });

    const entries: AuditEntry[] = [];
    for await (const entry of createAuditReader(database).inOrder({ since })) entries.push(entry);
    expect(entries.map(({ action }) => action)).toEqual([
      'tenant.create',
      'client.create',
      'client.create',
      'client.revoke',
      'console_link.create',
      'signing_key.rotate',
      'portal.configure',
    ]);
    expect(entries.every(({ actor, outcome }) => actor === 'cli' && outcome === 'success')).toBe(true);
    expect(entries[5]).toMatchObject({ tenantId: null, objectType: 'signing_key', objectId: kid });
    expect(JSON.stringify(entries)).not.toContain('canary');
  });
});

describe('audit tail', () => {
  it('shows the newest entries with the newest at the end, of whom and what is asked for', async () => {
    const tenant = await newTenant();
    for (const action of ['a.one', 'a.two', 'a.three']) await append(tenant, action);
    await append(null, 'client.authenticate', {
      actor: 'unknown',
      objectId: '',
      outcome: 'failure',
      count: 12,
      fields: [],
    });
    const last = await everhookJson(['audit', 'tail', '--limit', '2'], { env });
    expect(last.data).toMatchObject([
      { tenantId: tenant, action: 'a.three', fields: ['headers', 'events'] },
      { tenantId: null, action: 'client.authenticate', count: 12 },
    ]);
    const ofTenant = ['audit', 'tail', '--tenant', tenant];
    const { data } = await everhookJson(ofTenant, { env });
    expect((data as { action: string }[]).map(({ action }) => action)).toEqual(['a.one', 'a.two', 'a.three']);
    expect((await everhookJson([...ofTenant, '--action', 'a.two'], { env })).data).toHaveLength(1);
    expect((await everhookJson([...ofTenant, '--since', '2100-01-01'], { env })).data).toEqual([]);

    const { stdout } = await everhook(['audit', 'tail', '--limit', '2'], { env });
    const [line, refused] = stdout.trimEnd().split('\n');
    expect(line).toMatch(/^20\S+Z {2}client:c {2}a\.three w {2}headers,events {2}from 192\.0\.2\.1 {2}tenant \S{36}$/);
    expect(refused).toMatch(/Z {2}unknown {2}refused client\.authenticate {2}12 times {2}from 192\.0\.2\.1$/);
  });

  it('goes on with --follow: every entry once, also one whose transaction was slow', async () => {
    const tenant = await newTenant();
    await append(tenant, 'before.one');
    await append(tenant, 'before.two');
    const args = ['audit', 'tail', '--follow', '--tenant', tenant, '--limit', '1', '--json'];
    const child = spawn(process.execPath, [main, ...args], { env: { PATH: process.env.PATH, ...env } });
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
    const next = async () => (JSON.parse((await lines.next()).value as string) as { action: string }).action;
    try {
      expect(await next()).toBe('before.two');
      const slow = await database.transaction();
      await createAuditStore(slow).append({ ...slowEntry, tenantId: tenant });
      await append(tenant, 'quick');
      expect(await next()).toBe('quick');
      await slow.commit();
      expect(await next()).toBe('slow');
      await append(tenant, 'last');
      expect(await next()).toBe('last');
    } finally {
      child.kill('SIGKILL');
    }
  });
});

const slowEntry: NewAuditEntry = {
  tenantId: null,
  actor: 'cli',
  action: 'slow',
  objectType: 'x',
  objectId: 'x',
  fields: [],
  address: null,
  requestId: null,
  outcome: 'success',
};

describe('audit export', () => {
  it('is all of it, oldest first, as JSON lines or CSV', async () => {
    const tenant = await newTenant();
    await append(tenant, 'a.one', { actor: 'portal:a "quoted", name' });
    await append(tenant, 'a.two', { address: null, count: 3 });
    const lines = await everhook(['audit', 'export', '--tenant', tenant], { env });
    const documents = lines.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(documents).toMatchObject([{ action: 'a.one' }, { action: 'a.two', count: 3 }]);

    const csv = await everhook(['audit', 'export', '--tenant', tenant, '--format', 'csv'], { env });
    const [head, first, second, end] = csv.stdout.split('\r\n');
    expect(head).toBe(Object.keys(documents[0] ?? {}).join(','));
    expect(first).toContain(
      `,${tenant},"portal:a ""quoted"", name",a.one,webhook,w,headers events,192.0.2.1,r,success,1`,
    );
    expect(second).toMatch(/,a\.two,webhook,w,headers events,,r,success,3$/);
    expect(end).toBe('');
  });

  it('is bounded in time, and refuses what is no time or format', async () => {
    const tenant = await newTenant();
    await append(tenant, 'a.one');
    const count = async (...args: string[]) => {
      const { stdout, exitCode } = await everhook(['audit', 'export', '--tenant', tenant, ...args], { env });
      return exitCode === 0 ? stdout.split('\n').length - 1 : exitCode;
    };
    expect(await count('--since', '1h')).toBe(1);
    expect(await count('--until', '1h')).toBe(0);
    const wrong = await everhook(['audit', 'export', '--since', 'yesterday'], { env });
    expect(wrong).toMatchObject({ exitCode: 2, stdout: '' });
    expect((await everhook(['audit', 'export', '--format', 'xml'], { env })).exitCode).toBe(2);
  });

  it('holds a page of it in memory, however long it is and however slowly it is read', async () => {
    const tenant = await newTenant();
    await database.raw(
      `INSERT INTO audit (tenant_id, id, at, actor, action, object_type, object_id, fields, outcome)
       SELECT ?, gen_random_uuid(), now(), 'x', 'many', repeat('o', 200), repeat('i', 200), '{}', 'success' FROM generate_series(1, 60000)`,
      [tenant],
    );
    const args = ['--max-old-space-size=48', main, 'audit', 'export', '--tenant', tenant];
    const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH, ...env } });
    let lines = 0;
    for await (const chunk of child.stdout) {
      for (const byte of chunk as Buffer) if (byte === 10) lines += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(lines).toBe(60_000);
  });
});
