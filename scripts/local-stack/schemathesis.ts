import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Log } from './log';
import { pythonPackage } from './python-package';

const VERSION = '4.32.5';

export interface SchemathesisRun {
  /** Whether it found nothing wrong. */
  passed: boolean;
  /** All that it printed, each failure with the request that caused it. */
  output: string;
}

/**
 * Runs `schemathesis run` with these arguments to its end. It is installed in the cache at first.
 *
 * @param options.withinMs it is ended then, and what it printed until then says so
 * @throws MissingPartError when there is no Python 3, or it can't be installed
 * @throws Error when it can't do its work, such as for a document that it can't read
 */
export async function runSchemathesis(options: {
  config: string;
  args: string[];
  cwd: string;
  withinMs: number;
  log: Log;
  env?: NodeJS.ProcessEnv;
}): Promise<SchemathesisRun> {
  const { config, args, cwd, withinMs, log, env = process.env } = options;
  const programs = await pythonPackage({
    name: 'schemathesis',
    version: VERSION,
    python: '3.11',
    requirement: `schemathesis==${VERSION}`,
    module: 'schemathesis',
    log,
    env,
  });
  const child = spawn(
    path.join(programs, 'schemathesis'),
    ['--no-color', '--config-file', config, 'run', ...args],
    // Nothing of a proxy or of another configuration: it talks to this machine alone.
    { cwd, env: { PATH: env.PATH, HOME: env.HOME, LANG: 'C.UTF-8' }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const endWithUs = () => child.kill();
  process.once('exit', endWithUs);
  const timer = setTimeout(() => {
    output += `\nended after ${withinMs / 1000} s`;
    child.kill();
  }, withinMs);
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    if (code === 2) throw new Error(`schemathesis can't do its work: ${output.slice(-2_000)}`);
    if (signal !== null && signal !== 'SIGTERM') throw new Error(`schemathesis was ended by ${signal}`);
    return { passed: code === 0, output };
  } finally {
    clearTimeout(timer);
    process.off('exit', endWithUs);
  }
}
