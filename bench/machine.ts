import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { now } from './clock';
import { median, rounded } from './statistics';

/** What the figures depend on besides the code. */
export interface MachineFacts {
  cores: number;
  processor: string;
  memoryGiB: number;
  system: string;
  node: string;
  /** Short, with `+` when files were changed; null outside of a repository. */
  commit: string | null;
  /** Median of writing 8 KiB and having them on the disk, where PostgreSQL's data is; 0 means memory. */
  diskSyncMs: number;
}

export async function machineFacts(): Promise<MachineFacts> {
  return {
    cores: os.availableParallelism(),
    processor: os.cpus()[0]?.model ?? 'unknown',
    memoryGiB: rounded(os.totalmem() / 2 ** 30, 1),
    system: `${os.platform()} ${os.release()}`,
    node: process.version,
    commit: await commit(),
    diskSyncMs: rounded(await diskSyncMs(), 2),
  };
}

async function commit(): Promise<string | null> {
  const git = async (...args: string[]) => (await promisify(execFile)('git', args)).stdout.trim();
  try {
    const changed = await git('status', '--porcelain', '--untracked-files=no');
    return (await git('rev-parse', '--short', 'HEAD')) + (changed === '' ? '' : '+');
  } catch {
    return null;
  }
}

async function diskSyncMs(): Promise<number> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-bench-'));
  try {
    const file = await open(path.join(directory, 'sync'), 'w');
    const times: number[] = [];
    for (let turn = 0; turn < 50; turn += 1) {
      const startedAt = now();
      await file.write(Buffer.alloc(8_192, turn), 0, 8_192, 0);
      await file.datasync();
      times.push(now() - startedAt);
    }
    await file.close();
    return median(times);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
