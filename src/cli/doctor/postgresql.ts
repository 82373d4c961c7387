import { endOfDay, partitionedTables } from '../../domain/retention-run';
import type { Config } from '../../platform/config';
import { knownMigrations, pendingMigrations, type Database } from '../../store/database';
import { listPartitions } from '../../store/partitions';
import { findingsOf, type Finding } from './finding';

const { ok, warning, failed } = findingsOf('postgresql');

interface ServerRow {
  version: number;
  version_text: string;
  encoding: string;
  standby: boolean;
  read_only: string;
  time_zone: string;
  max_connections: number;
  reserved: number;
  in_use: number;
  superuser: boolean;
  user: string;
  database: string;
}

const oldestVersion = 14;

/** The server, our rights on it, and the state of the database. @throws what a database that is away throws */
export async function lookAtPostgresql(
  database: Database,
  config: Config,
): Promise<{ findings: Finding[]; migrated: boolean }> {
  const { rows } = await database.raw<{ rows: ServerRow[] }>(
    `SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS version_text,
       pg_encoding_to_char(encoding) AS encoding, pg_is_in_recovery() AS standby,
       current_setting('transaction_read_only') AS read_only, current_setting('TimeZone') AS time_zone,
       current_setting('max_connections')::int AS max_connections,
       current_setting('superuser_reserved_connections')::int AS reserved,
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS in_use,
       (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
       quote_ident(current_user) AS user, quote_ident(current_database()) AS database
     FROM pg_database WHERE datname = current_database()`,
  );
  const [server] = rows;
  if (!server) return { findings: [failed('server', 'did not say what it is', null)], migrated: false };
  const migrations = await lookAtMigrations(database);
  const migrated = migrations.every(({ state }) => state !== 'failed');
  return {
    findings: [
      ...lookAtServer(server),
      ...lookAtConnections(server, config),
      ...migrations,
      ...(migrated ? [...(await lookAtTenancy(database, server)), await lookAtPartitions(database)] : []),
    ],
    migrated,
  };
}

function lookAtServer(server: ServerRow): Finding[] {
  const { version_text: text, user } = server;
  const major = Math.floor(server.version / 10_000);
  return [
    major >= oldestVersion
      ? ok('version', text)
      : failed('version', `${text}: too old`, `upgrade PostgreSQL to ${oldestVersion} or later`),
    server.encoding === 'UTF8'
      ? ok('encoding', 'UTF8')
      : failed(
          'encoding',
          `${server.encoding}: events are Unicode`,
          "CREATE DATABASE everhook ENCODING 'UTF8' TEMPLATE template0",
        ),
    server.standby || server.read_only === 'on'
      ? failed(
          'writable',
          'it is a standby, or read-only',
          'have DATABASE_URL name the primary: …?target_session_attrs=read-write',
        )
      : ok('writable', 'it takes writes'),
    server.superuser
      ? warning(
          'user',
          `${user} is a superuser`,
          'give Everhook a user of its own: CREATE ROLE everhook LOGIN CREATEROLE PASSWORD …',
        )
      : ok('user', `${user} is no superuser`),
    // Times are stored with their zone: it only shows in what people type.
    ok('time zone', server.time_zone),
  ];
}

/** Beside its pool a worker has two connections for retention. */
const besidePool = 2;

function lookAtConnections(server: ServerRow, { DATABASE_POOL_SIZE: pool }: Config): Finding[] {
  const usable = server.max_connections - server.reserved;
  const detail = `a process takes up to ${pool + besidePool}; the server has ${usable}, ${server.in_use} in use now`;
  const mend = `ALTER SYSTEM SET max_connections = …, and restart it; or a smaller DATABASE_POOL_SIZE; or a pooler`;
  if (pool + besidePool > usable) return [failed('connections', detail, mend)];
  return [
    server.in_use + pool + besidePool > usable ? warning('connections', detail, mend) : ok('connections', detail),
  ];
}

async function lookAtMigrations(database: Database): Promise<Finding[]> {
  const pending = await pendingMigrations(database);
  if (pending.length > 0) {
    const detail = `${pending.length} pending, ${pending[0] ?? ''} first`;
    return [failed('migrations', detail, 'everhook migrate')];
  }
  const names = await database('schema_migrations').select<{ name: string }[]>('name');
  const newer = names.filter(({ name }) => !knownMigrations().includes(name));
  if (newer.length === 0) return [ok('migrations', `all ${names.length} are applied`)];
  const detail = `${newer.length} are of a newer build, ${newer[0]?.name ?? ''} first`;
  return [warning('migrations', detail, 'nothing, while the next build is being rolled out; else run that build')];
}

/** Whether the second lock between tenants holds: a role that row-level security binds, and that we can take on. */
async function lookAtTenancy(database: Database, { user }: ServerRow): Promise<Finding[]> {
  const { rows } = await database.raw<{ rows: { bypass: boolean; may: boolean }[] }>(
    `SELECT rolsuper OR rolbypassrls AS bypass, pg_has_role(current_user, oid, 'MEMBER') AS may
     FROM pg_roles WHERE rolname = 'everhook_tenant'`,
  );
  const [role] = rows;
  const grant = `as an administrator: CREATE ROLE everhook_tenant NOLOGIN; GRANT everhook_tenant TO ${user};`;
  if (!role) return [failed('tenant role', 'there is no role everhook_tenant', grant)];
  if (!role.may) return [failed('tenant role', `${user} may not act as everhook_tenant`, grant)];
  if (role.bypass) {
    const mend = 'as an administrator: ALTER ROLE everhook_tenant NOSUPERUSER NOBYPASSRLS;';
    return [failed('tenant role', 'everhook_tenant passes by row-level security: tenants are not kept apart', mend)];
  }
  const open = await database.raw<{ rows: { name: string }[] }>(
    `SELECT c.oid::regclass::text AS name FROM pg_class c
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
     WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace AND NOT c.relrowsecurity
       AND has_table_privilege('everhook_tenant', c.oid, 'SELECT') ORDER BY 1`,
  );
  if (open.rows.length === 0) return [ok('tenant role', 'row-level security binds it on every table of tenants')];
  const names = open.rows.map(({ name }) => name);
  const mend = names.map((name) => `ALTER TABLE ${name} ENABLE ROW LEVEL SECURITY;`).join(' ');
  return [failed('tenant role', `row-level security is off on ${names.join(', ')}`, mend)];
}

async function lookAtPartitions(database: Database): Promise<Finding> {
  const tomorrow = endOfDay(new Date());
  const short: string[] = [];
  for (const table of partitionedTables) {
    const last = (await listPartitions(database, table)).at(-1);
    if (!last || last.to <= tomorrow) short.push(table);
  }
  if (short.length === 0) return ok('partitions', 'are there for what comes next');
  const mend = 'everhook retention run, and see that a worker runs: it makes them';
  return warning('partitions', `end today or earlier: ${short.join(', ')}; rows go to the default one`, mend);
}
