import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log';

/** Readable by every user, writable by root alone. */
export const ROOT_OPEN_DIRECTORY = '/var/cache/everhook';

const STALE_AFTER_MS = 20_000;

/** Where downloaded and built tools are kept between runs and clones. */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  return path.join(env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'everhook');
}

/**
 * A directory that keeps a local stack's data between runs, made if need be. Root's is outside of its home, which is closed
 * to the user PostgreSQL runs as.
 */
export async function durableDirectory(name: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const directory = path.join(process.getuid?.() === 0 ? ROOT_OPEN_DIRECTORY : cacheDirectory(env), name);
  await mkdir(directory, { recursive: true });
  return directory;
}

export interface CacheEntry {
  /** Path of the entry below the cache directory; has the version in it. */
  name: string;
  /** A file of the entry that exists exactly when the entry is whole. */
  file: string;
  /** Makes the entry's content in the directory given, which becomes the entry when this resolves. */
  fill: (directory: string) => Promise<void>;
  log: Log;
  env?: NodeJS.ProcessEnv;
}

/**
 * The path of the entry's file, after filling the entry if it isn't there. A reader never sees half an entry: it is filled
 * beside its place and renamed. Two processes that want the same one take turns; should both fill it
 * nevertheless (one was suspended), the first rename wins.
 */
export async function cached({ name, file, fill, log, env }: CacheEntry): Promise<string> {
  const entry = path.join(cacheDirectory(env), name);
  const target = path.join(entry, file);
  if (existsSync(target)) return target;

  await mkdir(path.dirname(entry), { recursive: true });
  const unlock = await lock(`${entry}.lock`, name, log);
  try {
    if (existsSync(target)) return target;
    const draft = await mkdtemp(`${entry}.draft-`);
    try {
      await fill(draft);
      if (!existsSync(path.join(draft, file))) throw new Error(`filling ${name} made no ${file}`);
      await moveIntoPlace(draft, entry, target);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
    return target;
  } finally {
    await unlock();
  }
}

async function moveIntoPlace(draft: string, entry: string, target: string): Promise<void> {
  try {
    await rename(draft, entry);
  } catch (error) {
    if (existsSync(target)) return;
    // What an interrupted `go install` left there: rename replaces an empty directory, but not this one.
    if (!isCode(error, 'ENOTEMPTY', 'EEXIST')) throw error;
    await rm(entry, { recursive: true, force: true });
    await rename(draft, entry);
  }
}

/**
 * Takes the lock file, waiting while its holder keeps it fresh. Freshness instead of a process id: an id means nothing in
 * another container, and may belong to somebody else after a crash.
 */
async function lock(file: string, name: string, log: Log): Promise<() => Promise<void>> {
  for (let waiting = false; ; waiting = true) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' });
      break;
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error;
    }
    const { mtimeMs } = await stat(file).catch(() => ({ mtimeMs: Date.now() }));
    if (Date.now() - mtimeMs > STALE_AFTER_MS) await rm(file, { force: true });
    else if (!waiting) log(`${name}: another process is installing it, waiting`);
    await sleep(250);
  }
  const heartbeat = setInterval(() => {
    utimes(file, new Date(), new Date()).catch(() => {});
  }, STALE_AFTER_MS / 10);
  return async () => {
    clearInterval(heartbeat);
    await rm(file, { force: true });
  };
}

/** Whether it is an error of Node's or PostgreSQL's with one of these codes. Not by instanceof: jest has its own Error. */
export function isCode(error: unknown, ...codes: string[]): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && codes.includes(String(error.code));
}
