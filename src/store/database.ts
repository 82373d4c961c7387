import knex, { type Knex } from 'knex';
import pg from 'pg';
import { migrations } from '../../migrations';

export type Database = Knex;

// Bigints come from counts only, all far below 2^53; as numbers they need no conversion at each place.
const int8 = 20;
pg.types.setTypeParser(int8, Number);
// Payloads go on to receivers as the text they are stored as: parsing and printing them again would cost and could change them.
const json = 114;
pg.types.setTypeParser(json, (text: string) => text);

/** A pool on `url`. `max` connections; a caller waits at most `acquireTimeoutMs` for one, then gets {@link StoreUnavailable}. */
export function createDatabase(
  url: string,
  { max = 10, acquireTimeoutMs = 5_000, statementTimeoutMs = 15_000 } = {},
): Database {
  return knex({
    client: 'pg',
    connection: {
      connectionString: url,
      connectionTimeoutMillis: acquireTimeoutMs,
      statement_timeout: statementTimeoutMs,
      application_name: 'everhook',
      keepAlive: true,
    },
    pool: { min: 0, max, acquireTimeoutMillis: acquireTimeoutMs, propagateCreateError: true },
    acquireConnectionTimeout: acquireTimeoutMs,
    // knex's own warnings repeat what is thrown anyway, with the statement's text.
    log: { warn: () => {}, error: () => {}, deprecate: () => {}, debug: () => {} },
  });
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
export async function migrateToLatest(url: string): Promise<string[]> {
  const database = createDatabase(url, { max: 2, statementTimeoutMs: 0 });
  try {
    const [, applied] = (await database.migrate.latest(migrationConfig)) as [number, string[]];
    return applied;
  } finally {
    await database.destroy();
  }
}

/** Undoes the last batch of migrations; for development and for the test that each can be undone. */
export async function rollbackMigrations(url: string): Promise<string[]> {
  const database = createDatabase(url, { max: 2, statementTimeoutMs: 0 });
  try {
    const [, undone] = (await database.migrate.rollback(migrationConfig, true)) as [number, string[]];
    return undone;
  } finally {
    await database.destroy();
  }
}

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

const unavailableSqlStates = /^(08|53|57P0|57014|58)/;
const unavailableNodeCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  'EHOSTUNREACH',
]);

/**
 * The one place that decides what a failed query means: a {@link StoreUnavailable} for an outage
 * (lost connection, shutdown, pool or statement timeout), the error itself for a bug of ours.
 */
export function classifyStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailable || !(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const outage =
    unavailableSqlStates.test(code) ||
    unavailableNodeCodes.has(code) ||
    error.name === 'KnexTimeoutError' ||
    error.name === 'AggregateError' ||
    error.name === 'AcquireError' ||
    /Connection terminated|connection timeout|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|operation timed out/i.test(
      error.message,
    );
  return outage ? new StoreUnavailable(error) : error;
}
