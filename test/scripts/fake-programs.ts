import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

export interface FakeMachine {
  /** An environment in which only the fake programs are on PATH and the cache is empty. */
  env: NodeJS.ProcessEnv;
  cache: string;
  /** Puts a shell script on PATH, or at another path of this machine, and returns where it is. */
  install(file: string, script?: string): Promise<string>;
  remove(): Promise<void>;
}

/** A machine without network, programs or cache, in a temporary directory. */
export async function fakeMachine(): Promise<FakeMachine> {
  const root = await mkdtemp(path.join(os.tmpdir(), 'everhook-fake-'));
  const bin = path.join(root, 'bin');
  return {
    env: { PATH: bin, XDG_CACHE_HOME: path.join(root, 'cache'), TEMPORAL_DOWNLOAD_URL: 'http://127.0.0.1:9' },
    cache: path.join(root, 'cache', 'everhook'),
    async install(file, script = '') {
      const target = path.resolve(bin, file);
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, `#!/bin/sh\n${script}\n`);
      await chmod(target, 0o755);
      return target;
    },
    remove: () => rm(root, { recursive: true, force: true }),
  };
}
