import { readChildren } from './process-usage';
import { startPostgres } from '../scripts/local-stack/postgres';
import { startFullTemporal } from '../scripts/local-stack/temporal-full';
import type { Log } from '../scripts/local-stack/log';
import type { Teardown } from './teardown';

/** The services below both contenders. Process ids are null where the system doesn't tell. */
export interface BenchStack {
  databaseUrl: string;
  temporalAddress: string;
  postgresPid: number | null;
  temporalPid: number | null;
}

/** One PostgreSQL 18 for Temporal and Everhook, safe against power loss as in production, and Temporal 1.32.1 on it. */
export async function startBenchStack(log: Log, teardown: Teardown): Promise<BenchStack> {
  // Never the services that this shell happens to be set up for.
  const env = { ...process.env, DATABASE_URL: undefined, TEMPORAL_ADDRESS: undefined };
  const postgres = await startPostgres({ log, database: 'everhook', fsync: true, maxConnections: 200, env });
  teardown.add(() => postgres.stop());
  const postgresPid = childNamed('postgres');
  const temporal = await startFullTemporal({ log, postgresUrl: postgres.url, ui: false, env });
  teardown.add(() => temporal.stop());
  return {
    databaseUrl: postgres.url,
    temporalAddress: temporal.address,
    postgresPid,
    temporalPid: childNamed('server'),
  };
}

function childNamed(command: string): number | null {
  return readChildren(process.pid).find((child) => child.command === command)?.pid ?? null;
}
