import path from 'node:path';
import { cacheDirectory, cached } from './cache';
import type { Log } from './log';
import { MissingPartError } from './missing-part';
import { reservePort } from './ports';
import { findOnPath, runToEnd, startProgram, untilReady } from './process';
import { reasonOf } from './sdk-download';

const VERSION = '5.2.5';
const ENTRY = `moto-${VERSION}`;
/** Python files of a virtual environment have its path in them, so it is made where it stays; this says that it is whole. */
const COMPLETE = 'complete';

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
  const python = await motoPython(log, env);
  const port = await reservePort();
  const program = startProgram({
    name: 'moto',
    command: python,
    args: ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    env: { PATH: env.PATH, HOME: env.HOME, MOTO_ALLOW_NONEXISTENT_REGION: 'true', PYTHONWARNINGS: 'ignore' },
  });
  const url = `http://127.0.0.1:${port}`;
  await untilReady(program, 'moto', async () => (await fetch(`${url}/moto-api/data.json`)).ok);
  return { url, stop: program.stop };
}

/** A Python that has moto. */
async function motoPython(log: Log, env: NodeJS.ProcessEnv): Promise<string> {
  const venv = path.join(cacheDirectory(env), `${ENTRY}.venv`);
  const python = path.join(venv, 'bin', 'python');
  const system = findOnPath('python3', env);
  if (!system)
    throw new MissingPartError(
      'no `python3` here',
      'install Python 3.10 or later, on Debian `apt-get install python3-venv`',
    );
  try {
    await cached({
      name: ENTRY,
      file: COMPLETE,
      log,
      env,
      fill: async (directory) => {
        log(`moto: installing ${VERSION} with pip, once`);
        await runToEnd({ name: 'python3 -m venv', command: system, args: ['-m', 'venv', '--clear', venv], env }, log);
        const install = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', `moto[server]==${VERSION}`];
        await runToEnd({ name: 'pip install moto', command: python, args: install, env }, log);
        await runToEnd({ name: 'moto', command: python, args: ['-c', 'import moto.server'], env }, log);
        await runToEnd({ name: 'touch', command: 'touch', args: [path.join(directory, COMPLETE)], env }, log);
      },
    });
  } catch (error) {
    // Warnings of pip's about every try would bury what its error says.
    const reason = reasonOf(error).replace(/WARNING: .*\n/g, '');
    throw new MissingPartError(
      `moto can't be installed (${reason})`,
      'it takes Python 3.10 or later with venv (on Debian `apt-get install python3-venv`) and a package index',
    );
  }
  return python;
}
