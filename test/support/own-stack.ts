import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { crashable, type Crashable } from '../../scripts/local-stack/crashable';
import { reservePort } from '../../scripts/local-stack/ports';
import { startPostgres } from '../../scripts/local-stack/postgres';
import { startTemporal } from '../../scripts/local-stack/temporal';
import { migrateToLatest } from '../../src/store/database';

/** PostgreSQL and Temporal of one test file's own: those of globalSetup are everybody's. */
export interface OwnStack {
  databaseUrl: string;
  temporalAddress: string;
  postgres: Crashable;
  temporal: Crashable;
  /** Stops both and removes what they stored. */
  remove(): Promise<void>;
}

const quiet = () => {};

/** Ours even where the environment names servers that the tests may use: those must not be killed. */
const env = { ...process.env, DATABASE_URL: undefined, TEMPORAL_ADDRESS: undefined };

/** Both write through to their files: what they have acknowledged survives the death of their processes. */
export async function startOwnStack(): Promise<OwnStack> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-own-stack-'));
  const stops: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true })];
  const remove = async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  };
  try {
    // As root PostgreSQL runs as another user, who has to get through to its own directory.
    await chmod(directory, 0o711);
    const postgresAt = { directory: path.join(directory, 'postgres'), port: await reservePort() };
    const postgres = await crashable(
      () => startPostgres({ log: quiet, env, database: 'everhook', ...postgresAt }),
      // Its immediate shutdown: every process of it exits at once, and the next start recovers as from a crash.
      'SIGQUIT',
    );
    stops.push(postgres.stop);
    const temporalAt = { dbFilename: path.join(directory, 'temporal.db'), port: await reservePort() };
    const temporal = await crashable(() => startTemporal({ log: quiet, env, ui: false, ...temporalAt }), 'SIGKILL');
    stops.push(temporal.stop);
    await migrateToLatest(postgres.first.url);
    return { databaseUrl: postgres.first.url, temporalAddress: temporal.first.address, postgres, temporal, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
