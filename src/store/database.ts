import type { Socket } from 'node:net';
import { isNativeError } from 'node:util/types';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { migrations } from '../../migrations';
import type { Tenancy } from './tenancy';

export type Database = Knex;

// Bigints come from counts only, all far below 2^53; as numbers they need no conversion at each place.
const int8 = 20;
pg.types.setTypeParser(int8, Number);
// Payloads go on to receivers as the text they are stored as: parsing and printing them again would cost and could change them.
const json = 114;
pg.types.setTypeParser(json, (text: string) => text);

/** A server that is silent for this many times its statement timeout counts as gone. */
const silenceFactor = 1.5;

/**
 * A pool on `url`. `max` connections; a caller waits at most `acquireTimeoutMs` for one, then gets {@link StoreUnavailable}.
 * `statementTimeoutMs` 0: statements may take any time. `tenancy`: what runs for a tenant is bound to its rows.
 */
export function createDatabase(
  url: string,
  {
    max = 10,
    acquireTimeoutMs = 5_000,
    statementTimeoutMs = 15_000,
    tenancy,
  }: { max?: number; acquireTimeoutMs?: number; statementTimeoutMs?: number; tenancy?: Tenancy } = {},
): Database {
  const database = knex({
    client: 'pg',
    connection: {
      connectionString: url,
      connectionTimeoutMillis: acquireTimeoutMs,
      statement_timeout: statementTimeoutMs,
      application_name: 'everhook',
      keepAlive: true,
    },
    pool: {
      min: 0,
      max,
      acquireTimeoutMillis: acquireTimeoutMs,
      propagateCreateError: true,
      afterCreate(connection: PgConnection, done: (error: null, connection: PgConnection) => void) {
        if (statementTimeoutMs > 0) endWhenSilent(connection, statementTimeoutMs * silenceFactor);
        done(null, connection);
      },
    },
    acquireConnectionTimeout: acquireTimeoutMs,
    // knex's own warnings repeat what is thrown anyway, with the statement's text.
    log: { warn: () => {}, error: () => {}, deprecate: () => {}, debug: () => {} },
  });
  if (tenancy) bindToTenants(database.client as KnexClient, tenancy);
  return database;
}

interface PgConnection {
  connection: { stream: Socket };
  query(statement: { name: string; text: string; values: string[] }): Promise<unknown>;
}

/** What knex takes connections from, for single statements and for transactions. */
interface KnexClient {
  acquireConnection(): Promise<PgConnection>;
  releaseConnection(connection: PgConnection): Promise<void>;
}

/**
 * Before a connection is given to a statement or a transaction, it takes on the role and the tenant of who asked for it.
 * One that has them already, as most have, is not asked again.
 */
function bindToTenants(client: KnexClient, tenancy: Tenancy): void {
  /** Undefined: that could not be found out. */
  const bound = new WeakMap<PgConnection, string | null | undefined>();
  const acquire = client.acquireConnection.bind(client);

  client.acquireConnection = async () => {
    const tenantId = tenancy.current();
    const connection = await acquire();
    const known = bound.has(connection) ? bound.get(connection) : null;
    if (known === tenantId) return connection;
    bound.set(connection, undefined);
    try {
      await connection.query({
        name: 'bind_to_tenant',
        text: `SELECT set_config('role', $1, false), set_config('everhook.tenant', $2, false)`,
        values: tenantId === null ? ['none', ''] : ['everhook_tenant', tenantId],
      });
      bound.set(connection, tenantId);
      return connection;
    } catch (error) {
      await client.releaseConnection(connection);
      throw error;
    }
  };
}

/**
 * The server's own statement timeout can't be heard from a host that is gone: without this a query on such a
 * connection would wait until TCP gives up, a quarter of an hour. An idle connection is merely closed by it.
 */
function endWhenSilent({ connection: { stream } }: PgConnection, ms: number): void {
  stream.setTimeout(ms, () => stream.destroy(new Error('Connection terminated: the server is silent')));
}

/** Names are the keys of `migrations`, without a file extension: compiled or not, a migration has one name. */
const migrationSource: Knex.MigrationSource<string> = {
  getMigrations: () => Promise.resolve(Object.keys(migrations)),
  getMigrationName: (name) => name,
  getMigration: (name) => {
    const migration = migrations[name];
    if (!migration) return Promise.reject(new Error(`unknown migration ${name}`));
    return Promise.resolve(migration);
  },
};

const migrationConfig: Knex.MigratorConfig = { migrationSource, tableName: 'schema_migrations' };

/** Applies what is pending; returns the names applied. Two at once wait for each other. */
export function migrateToLatest(url: string): Promise<string[]> {
  return migrating(url, (database) => database.migrate.latest(migrationConfig));
}

/** Undoes the last batch of migrations; for development and for the test that each can be undone. */
export function rollbackMigrations(url: string): Promise<string[]> {
  return migrating(url, (database) => database.migrate.rollback(migrationConfig, true));
}

/** Any number of our own, one for all who migrate a database. */
const migrationLock = 7_262_110_426;

/**
 * Under a lock that ends with its connection. knex's own is a row: it refuses the second process instead of
 * having it wait, and stays for ever when the first one is killed.
 */
async function migrating(url: string, run: (database: Database) => Promise<unknown>): Promise<string[]> {
  const database = createDatabase(url, { max: 4, statementTimeoutMs: 0 });
  try {
    return await database.transaction(async (locked) => {
      await locked.raw('SELECT pg_advisory_xact_lock(?)', [migrationLock]);
      await database.migrate.forceFreeMigrationsLock(migrationConfig);
      const [, names] = (await run(database)) as [number, string[]];
      return names;
    });
  } finally {
    await database.destroy();
  }
}

/** Names of all migrations that this version has, in order. */
export const knownMigrations = (): string[] => Object.keys(migrations);

/** Names of migrations that this version knows and the database has not had. */
export async function pendingMigrations(database: Database): Promise<string[]> {
  const hasTable = await database.schema.hasTable('schema_migrations');
  if (!hasTable) return Object.keys(migrations);
  const done = new Set((await database('schema_migrations').select<{ name: string }[]>('name')).map((row) => row.name));
  return Object.keys(migrations).filter((name) => !done.has(name));
}

/** PostgreSQL can't be reached, is starting or stopping, or has no connection to give: worth trying again. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';

  constructor(cause: unknown) {
    super('the database is unavailable', { cause });
  }
}

/** Also what passes when tried again: a deadlock, a serialization failure, a server that is a standby by now. */
const unavailableSqlStates = /^(08|25006|40001|40P01|53|57P0|57014|58)/;
const unavailableNodeCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/**
 * The one place that decides what a failed query means: a {@link StoreUnavailable} for an outage
 * (lost connection, shutdown, pool or statement timeout), the error itself for a bug of ours.
 */
export function classifyStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailable || !isNativeError(error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const outage =
    unavailableSqlStates.test(code) ||
    unavailableNodeCodes.has(code) ||
    error.name === 'KnexTimeoutError' ||
    error.name === 'AggregateError' ||
    error.name === 'AcquireError' ||
    /Connection terminated|connection timeout|timeout expired|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|operation timed out/i.test(
      error.message,
    );
  return outage ? new StoreUnavailable(error) : error;
}
