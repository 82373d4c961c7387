import path from 'node:path';
import type { Log } from './log';
import { reservePort } from './ports';
import { startProgram, untilReady } from './process';
import { pythonPackage } from './python-package';

const VERSION = '5.2.5';

export interface RunningMoto {
  /** For `AWS_ENDPOINT_URL`. */
  url: string;
  stop(): Promise<void>;
}

/**
 * moto's server, a stand-in for AWS that keeps everything in memory, on a port of its own. Any region and any credentials
 * will do. It is installed in the cache at first.
 *
 * @throws MissingPartError when there is no Python 3.10 or later, or moto can't be installed.
 */
export async function startMoto({
  log,
  env = process.env,
}: {
  log: Log;
  env?: NodeJS.ProcessEnv;
}): Promise<RunningMoto> {
  const programs = await pythonPackage({
    name: 'moto',
    version: VERSION,
    python: '3.10',
    requirement: `moto[server]==${VERSION}`,
    module: 'moto.server',
    log,
    env,
  });
  const port = await reservePort();
  const program = startProgram({
    name: 'moto',
    command: path.join(programs, 'python'),
    args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    env: { PATH: env.PATH, HOME: env.HOME, MOTO_ALLOW_NONEXISTENT_REGION: 'true', PYTHONWARNINGS: 'ignore' },
  });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(program, 'moto', async () => (await fetch(`${url}/moto-api/data.json`)).ok);
  return { url, stop: program.stop };
}
