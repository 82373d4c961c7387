import { connect, createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { Client } from 'pg';
import { migrations } from '../../migrations';
import {
  classifyStoreError,
  createDatabase,
  migrateToLatest,
  pendingMigrations,
  rollbackMigrations,
  StoreUnavailable,
  type Database,
} from '../../src/store/database';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { closedPort } from '../support/receivers';

const all = Object.keys(migrations);

async function tablesOf(database: Database): Promise<string[]> {
  const { rows } = await database.raw<{ rows: { name: string }[] }>(
    `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1`,
  );
  return rows.map((row) => row.name);
}

/** Everything of the schema that a migration could forget to undo. */
async function objectsOf(database: Database): Promise<unknown[]> {
  const { rows } = await database.raw<{ rows: unknown[] }>(
    `SELECT relname, relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public' AND relname NOT LIKE 'schema_migrations%' ORDER BY 1`,
  );
  return rows;
}

describe('migrations', () => {
  let test: TestDatabase;
  let database: Database;

  beforeEach(async () => {
    test = await createTestDatabase();
    database = createDatabase(test.url);
  });

  afterEach(async () => {
    await database.destroy();
    await test.drop();
  });

  it('are all undone and done again', async () => {
    const before = await objectsOf(database);
    expect(before.length).toBeGreaterThan(10);
    expect(await pendingMigrations(database)).toEqual([]);

    expect((await rollbackMigrations(test.url)).sort()).toEqual([...all].sort());
    expect(await objectsOf(database)).toEqual([]);
    expect(await pendingMigrations(database)).toEqual(all);

    expect(await migrateToLatest(test.url)).toEqual(all);
    expect(await objectsOf(database)).toEqual(before);
    expect(await pendingMigrations(database)).toEqual([]);
    expect(await migrateToLatest(test.url)).toEqual([]);
  });

  it('all pend on an empty database', async () => {
    await database.raw('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    expect(await pendingMigrations(database)).toEqual(all);
    expect(await migrateToLatest(test.url)).toEqual(all);
  });

  it('run once when several processes begin at the same time: the others wait and find nothing to do', async () => {
    await database.raw('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    const applied = await Promise.all([1, 2, 3, 4, 5].map(() => migrateToLatest(test.url)));
    expect(applied.filter((names) => names.length > 0)).toEqual([all]);
    expect(await tablesOf(database)).toContain('deliveries');
  });

  it('make their indexes a partition at a time, and go on where they were interrupted', async () => {
    const name = '20261122000015_attempt_answers';
    const index = '(tenant_id, last_error_class, id DESC) WHERE last_error_class IS NOT NULL';
    await database('schema_migrations').where({ name }).delete();
    await database.raw(`
      DROP INDEX deliveries_by_error;
      CREATE INDEX deliveries_by_error ON ONLY deliveries ${index};
      CREATE INDEX deliveries_default_by_error ON deliveries_default ${index};
    `);
    expect(await migrateToLatest(test.url)).toEqual([name]);
    const { rows } = await database.raw<{ rows: object[] }>(
      `SELECT indisvalid AS valid FROM pg_index WHERE indexrelid = 'deliveries_by_error'::regclass`,
    );
    expect(rows).toEqual([{ valid: true }]);
  });

  it('are not blocked for ever by a process that was killed while it migrated', async () => {
    await rollbackMigrations(test.url);
    await database('schema_migrations_lock').update({ is_locked: 1 });
    expect(await migrateToLatest(test.url)).toEqual(all);
  });
});

describe('what a failed query means', () => {
  let test: TestDatabase;

  beforeAll(async () => {
    test = await createTestDatabase();
  });

  afterAll(() => test.drop());

  const failureOf = async (url: string, sql: string, options?: Parameters<typeof createDatabase>[1]) => {
    const database = createDatabase(url, options);
    try {
      return classifyStoreError(await database.raw(sql).catch((error: unknown) => error));
    } finally {
      await database.destroy();
    }
  };

  /** A database server that takes connections and does what it likes with them. */
  async function fakeServer(
    onConnection: Parameters<typeof createServer>[1],
  ): Promise<{ server: Server; url: string }> {
    const server = createServer(onConnection);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return { server, url: `postgres://u:p@127.0.0.1:${address.port}/db` };
  }

  it('is an outage when nobody listens', async () => {
    expect(await failureOf(`postgres://u:p@127.0.0.1:${await closedPort()}/db`, 'SELECT 1')).toBeInstanceOf(
      StoreUnavailable,
    );
  });

  it('is an outage when the host is not known', async () => {
    expect(await failureOf('postgres://u:p@no-such-host.invalid/db', 'SELECT 1')).toBeInstanceOf(StoreUnavailable);
  });

  it('is an outage when the server takes the connection and says nothing', async () => {
    const { server, url } = await fakeServer((socket) => socket.on('error', () => {}));
    try {
      expect(await failureOf(url, 'SELECT 1', { acquireTimeoutMs: 200 })).toBeInstanceOf(StoreUnavailable);
    } finally {
      server.close();
    }
  });

  it('is an outage when the server hangs up on the connection', async () => {
    const { server, url } = await fakeServer((socket) => socket.destroy());
    try {
      expect(await failureOf(url, 'SELECT 1', { acquireTimeoutMs: 1_000 })).toBeInstanceOf(StoreUnavailable);
    } finally {
      server.close();
    }
  });

  it('is an outage when the connection is ended by the server in mid-query', async () => {
    const database = createDatabase(test.url);
    const killer = new Client({ connectionString: test.url });
    await killer.connect();
    try {
      const { rows } = await database.raw<{ rows: { pid: number }[] }>('SELECT pg_backend_pid() AS pid');
      const sleeping = database.raw('SELECT pg_sleep(10)').catch((error: unknown) => error);
      for (;;) {
        const { rowCount } = await killer.query(
          `SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active' AND query LIKE '%pg_sleep%'`,
          [rows[0]?.pid],
        );
        if (rowCount === 1) break;
      }
      await killer.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
      expect(classifyStoreError(await sleeping)).toBeInstanceOf(StoreUnavailable);
      // The pool replaces the connection by itself, once it has seen its end.
      for (;;) {
        const error: unknown = await database.raw('SELECT 1').then(
          () => null,
          (failure: unknown) => failure,
        );
        if (error === null) break;
        expect(classifyStoreError(error)).toBeInstanceOf(StoreUnavailable);
      }
    } finally {
      await killer.end();
      await database.destroy();
    }
  });

  it('is an outage when the server falls silent in mid-query, as a host that is gone does', async () => {
    const { hostname, port } = new URL(test.url);
    let silent = false;
    const { server, url } = await fakeServer((socket) => {
      const upstream = connect(Number(port), hostname);
      upstream.on('data', (chunk: Buffer) => silent || socket.write(chunk));
      socket.on('data', (chunk: Buffer) => silent || upstream.write(chunk));
      for (const end of [socket, upstream]) end.on('error', () => {}).on('close', () => upstream.destroy());
    });
    const proxied = Object.assign(new URL(test.url), { host: new URL(url).host });
    const database = createDatabase(proxied.href, { statementTimeoutMs: 300 });
    try {
      await database.raw('SELECT 1');
      silent = true;
      const error: unknown = await database.raw('SELECT 1').catch((failure: unknown) => failure);
      expect(classifyStoreError(error)).toBeInstanceOf(StoreUnavailable);
    } finally {
      await database.destroy();
      server.close();
    }
  });

  it('is an outage when a statement takes too long', async () => {
    expect(await failureOf(test.url, 'SELECT pg_sleep(5)', { statementTimeoutMs: 50 })).toBeInstanceOf(
      StoreUnavailable,
    );
  });

  it('is an outage when no connection is free in time', async () => {
    const database = createDatabase(test.url, { max: 1, acquireTimeoutMs: 100 });
    try {
      await database.transaction(async () => {
        const error: unknown = await database.raw('SELECT 1').catch((failure: unknown) => failure);
        expect(classifyStoreError(error)).toBeInstanceOf(StoreUnavailable);
      });
    } finally {
      await database.destroy();
    }
  });

  it.each([
    ['a deadlock, of which another try knows nothing', '40P01'],
    ['a serialization failure', '40001'],
    ['a server that has become a read-only standby', '25006'],
    ['too many connections', '53300'],
    ['a full disk', '53100'],
    ['a shutdown', '57P01'],
    ['a server that starts', '57P03'],
  ])('is an outage for %s', async (_name, state) => {
    const raise = `DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${state}', MESSAGE = 'x'; END $$`;
    expect(await failureOf(test.url, raise)).toBeInstanceOf(StoreUnavailable);
  });

  it.each([
    ['a statement that is wrong', 'SELECT nothing'],
    ['a broken constraint', `INSERT INTO tenants (id, name) VALUES ('${'0'.repeat(32)}', '')`],
    ['a malformed id', `SELECT * FROM tenants WHERE id = 'x'`],
  ])('is a bug of ours for %s', async (_name, sql) => {
    const error = await failureOf(test.url, sql);
    expect(error).toBeInstanceOf(Error);
    expect(error).not.toBeInstanceOf(StoreUnavailable);
  });

  it('leaves what is no failure of the database as it is', () => {
    const other = new TypeError('x is not a function');
    expect(classifyStoreError(other)).toBe(other);
    expect(classifyStoreError('text')).toBe('text');
    const known = new StoreUnavailable(other);
    expect(classifyStoreError(known)).toBe(known);
  });

  it('says nothing of the values that were in the query', async () => {
    const database = createDatabase(test.url);
    try {
      const error: unknown = await database
        .raw(`INSERT INTO tenants (id, name) SELECT ?, ? FROM nothing`, ['0'.repeat(32), 'canary-value'])
        .catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(Error);
      expect(String(error)).not.toContain('canary-value');
    } finally {
      await database.destroy();
    }
  });
});
