import { copyFile, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { cacheDirectory } from '../../scripts/local-stack/cache';
import { isExecutable } from '../../scripts/local-stack/process';
import { reservePort } from '../../scripts/local-stack/ports';
import { startPostgres, type Postgres } from '../../scripts/local-stack/postgres';
import { startTemporal, type Temporal } from '../../scripts/local-stack/temporal';
import { startFullTemporal } from '../../scripts/local-stack/temporal-full';
import { migrateToLatest } from '../../src/store/database';
import { baseBackup, copyTree } from '../support/base-backup';

/** Both stores, backed up one after the other. */
export interface Backup {
  /** Directory of a PostgreSQL. With the full server of Temporal, its databases are in it too. */
  postgres: string;
  /** What the dev server of Temporal stores everything in. */
  temporalFile: string | null;
}

export interface RestorableStack {
  /** What Temporal is: the full server where this machine has it, else the dev server. */
  kind: 'full' | 'dev';
  databaseUrl: string;
  temporalAddress: string;
  backup(name: string): Promise<Backup>;
  /** Every process dies and everything stored is gone. */
  destroy(): Promise<void>;
}

const log = () => {};
const env = { ...process.env, DATABASE_URL: undefined, TEMPORAL_ADDRESS: undefined };

/** Building the full server takes minutes: it is used where the benchmark has built it. */
const parts = ['server', 'sql'].map((part) => path.join(cacheDirectory(), 'temporal-server-1.32.1', part, part));
const kind = parts.every(isExecutable) ? 'full' : 'dev';

/**
 * PostgreSQL and Temporal in a directory of their own.
 * @param from empty stores unless given: Everhook's from one backup, Temporal's from another
 */
export async function startRestorable(
  directory: string,
  from?: { everhook: Backup; temporal: Backup },
): Promise<RestorableStack> {
  await mkdir(directory, { mode: 0o711 });
  const running: { pid: number | null; stop(): Promise<void> }[] = [];
  const at = {
    everhook: path.join(directory, 'everhook'),
    temporal: path.join(directory, 'temporal'),
    temporalFile: path.join(directory, 'temporal.db'),
  };

  async function postgres(where: string, backup: Backup | undefined): Promise<Postgres> {
    if (backup) await copyTree(backup.postgres, where);
    const server = await startPostgres({ log, env, database: 'everhook', directory: where, maxConnections: 200 });
    running.push(server);
    return server;
  }

  async function temporal(ours: Postgres): Promise<Temporal> {
    if (kind === 'full') {
      // Of one moment where both are of the same backup; here they are of two, so each has a server of its own.
      const its = from ? await postgres(at.temporal, from.temporal) : ours;
      const server = await startFullTemporal({ log, postgresUrl: its.url, historyShards: 4, ui: false, env });
      running.push(server);
      return server;
    }
    if (from?.temporal.temporalFile) await copyFile(from.temporal.temporalFile, at.temporalFile);
    return startDevServer(await reservePort());
  }

  async function startDevServer(port: number): Promise<Temporal> {
    const server = await startTemporal({ log, env, ui: false, dbFilename: at.temporalFile, port });
    running.push(server);
    return server;
  }

  async function destroy(): Promise<void> {
    // The last one first: PostgreSQL at the end.
    for (const { pid, stop } of running.splice(0).reverse()) {
      // Of PostgreSQL, all processes; Temporal dies of it as well.
      if (pid !== null) process.kill(pid, 'SIGQUIT');
      await stop();
    }
    await rm(directory, { recursive: true, force: true });
  }

  try {
    const ours = await postgres(at.everhook, from?.everhook);
    if (!from) await migrateToLatest(ours.url);
    const workflows = await temporal(ours);
    return {
      kind,
      databaseUrl: ours.url,
      temporalAddress: workflows.address,
      async backup(name) {
        const target = path.join(path.dirname(directory), name);
        await baseBackup(ours.url, at.everhook, target);
        if (kind === 'full') return { postgres: target, temporalFile: null };
        // SQLite's file is whole only while nobody has it open.
        await running.pop()?.stop();
        const temporalFile = `${target}.db`;
        await copyFile(at.temporalFile, temporalFile);
        await startDevServer(Number(workflows.address.split(':')[1]));
        return { postgres: target, temporalFile };
      },
      destroy,
    };
  } catch (error) {
    await destroy();
    throw error;
  }
}
