import { chmod, chown, copyFile, lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { isCode } from '../../scripts/local-stack/cache';

/** Of PostgreSQL's own files, what is of a running server or is copied when all else is. */
const leftOut = new Set(['postmaster.pid', 'postmaster.opts', 'pg_wal']);

/**
 * A base backup of a running server, as pg_basebackup makes it: of one moment, of all its databases, while they are written
 * to. The result is a directory that `startPostgres` takes. npm's PostgreSQL has none of the client programs, so this is
 * PostgreSQL's low-level interface for the same.
 *
 * @param directory what `startPostgres` was given
 */
export async function baseBackup(url: string, directory: string, target: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    // What was written since the beginning must still be there at the end.
    await client.query("ALTER SYSTEM SET wal_keep_size = '1GB'");
    await client.query('SELECT pg_reload_conf()');
    await client.query("SELECT pg_backup_start('everhook', true)");
    await mkdir(target, { mode: 0o711 });
    await copyFile(path.join(directory, 'password'), path.join(target, 'password'));
    const [from, to] = [path.join(directory, 'data'), path.join(target, 'data')];
    await copyTree(from, to, leftOut);
    const { rows } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    await writeFile(path.join(to, 'backup_label'), rows[0]?.labelfile ?? '');
    await copyTree(path.join(from, 'pg_wal'), path.join(to, 'pg_wal'), new Set());
  } finally {
    await client.end();
  }
}

/** Another copy of a backup: a server that is started on one changes it. */
export async function copyTree(from: string, to: string, without: ReadonlySet<string> = new Set()): Promise<void> {
  const { uid, gid, mode } = await lstat(from);
  await mkdir(to, { mode });
  await own(to);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (without.has(entry.name)) continue;
    const [source, copy] = [path.join(from, entry.name), path.join(to, entry.name)];
    if (entry.isDirectory()) await copyTree(source, copy);
    else await copyOne(source, copy);
  }

  async function copyOne(source: string, copy: string): Promise<void> {
    try {
      await copyFile(source, copy);
      await own(copy);
    } catch (error) {
      // Tables and temporary files come and go; what counts is in the log.
      if (!isCode(error, 'ENOENT')) throw error;
      await rm(copy, { force: true });
    }
  }

  async function own(what: string): Promise<void> {
    // PostgreSQL runs as another user where the tests are root.
    await chown(what, uid, gid);
    if (what === to) await chmod(to, mode & 0o777);
  }
}
