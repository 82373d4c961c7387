import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { crashable, type Crashable } from '../../scripts/local-stack/crashable';
import type { Log } from '../../scripts/local-stack/log';
import { reservePort } from '../../scripts/local-stack/ports';
import { startPostgres } from '../../scripts/local-stack/postgres';
import { startTemporal } from '../../scripts/local-stack/temporal';
import { reserveFullServerPorts, startFullTemporal } from '../../scripts/local-stack/temporal-full';
import type { Teardown } from '../teardown';

export interface SoakServices {
  databaseUrl: string;
  temporalAddress: string;
  postgres: Crashable;
  temporal: Crashable;
}

/** PostgreSQL, and Temporal on it (`full`) or the dev server on a file of its own; both keep what they acknowledged. */
export async function startServices(
  temporal: 'full' | 'dev',
  { log, teardown }: { log: Log; teardown: Teardown },
): Promise<SoakServices> {
  // Never the services that this shell happens to be set up for: these get killed.
  const env = { ...process.env, DATABASE_URL: undefined, TEMPORAL_ADDRESS: undefined };
  const directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-soak-'));
  teardown.add(() => rm(directory, { recursive: true, force: true }));
  // As root PostgreSQL runs as another user, who has to get through to its own directory.
  await chmod(directory, 0o711);
  const quiet = () => {};

  const at = { directory: path.join(directory, 'postgres'), port: await reservePort() };
  const postgres = await crashable(
    () => startPostgres({ log: quiet, env, database: 'everhook', maxConnections: 300, ...at }),
    // Its immediate shutdown: every process of it exits at once, and the next start recovers as from a crash.
    'SIGQUIT',
  );
  teardown.add(() => postgres.stop());
  const { url } = postgres.first;

  const [ports, port] = [await reserveFullServerPorts(), await reservePort()];
  const start = () =>
    temporal === 'full'
      ? startFullTemporal({ log: quiet, env, postgresUrl: url, ui: false, ports })
      : startTemporal({ log: quiet, env, ui: false, port, dbFilename: path.join(directory, 'temporal.db') });
  const server = await crashable(start, 'SIGKILL');
  teardown.add(() => server.stop());
  log(`PostgreSQL and Temporal (${temporal === 'full' ? 'the full server' : 'the dev server'}) run`);
  return { databaseUrl: url, temporalAddress: server.first.address, postgres, temporal: server };
}
