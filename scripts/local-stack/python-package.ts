import path from 'node:path';
import { cacheDirectory, cached } from './cache';
import type { Log } from './log';
import { MissingPartError } from './missing-part';
import { findOnPath, runToEnd } from './process';
import { reasonOf } from './sdk-download';

/** Python files of a virtual environment have its path in them, so it is made where it stays; this says that it is whole. */
const COMPLETE = 'complete';

/**
 * The directory of a virtual environment's programs, in the cache, with a package of PyPI in it. It is made at first.
 *
 * @param options.python the oldest Python that takes it
 * @param options.requirement as pip takes it, with the exact version
 * @param options.module which it must be possible to import then
 * @throws MissingPartError when there is no Python 3, or it can't be installed
 */
export async function pythonPackage(options: {
  name: string;
  version: string;
  python: string;
  requirement: string;
  module: string;
  log: Log;
  env: NodeJS.ProcessEnv;
}): Promise<string> {
  const { name, version, python: oldest, requirement, module, log, env } = options;
  const entry = `${name}-${version}`;
  const venv = path.join(cacheDirectory(env), `${entry}.venv`);
  const python = path.join(venv, 'bin', 'python');
  const system = findOnPath('python3', env);
  const remedy = `Python ${oldest} or later, on Debian \`apt-get install python3-venv\``;
  if (!system) throw new MissingPartError('no `python3` here', `install ${remedy}`);
  try {
    await cached({
      name: entry,
      file: COMPLETE,
      log,
      env,
      fill: async (directory) => {
        log(`${name}: installing ${version} with pip, once`);
        await runToEnd({ name: 'python3 -m venv', command: system, args: ['-m', 'venv', '--clear', venv], env }, log);
        const install = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', requirement];
        await runToEnd({ name: `pip install ${name}`, command: python, args: install, env }, log);
        await runToEnd({ name, command: python, args: ['-c', `import ${module}`], env }, log);
        await runToEnd({ name: 'touch', command: 'touch', args: [path.join(directory, COMPLETE)], env }, log);
      },
    });
  } catch (error) {
    // Warnings of pip's about every try would bury what its error says.
    const reason = reasonOf(error).replace(/WARNING: .*\n/g, '');
    throw new MissingPartError(
      `${name} can't be installed (${reason})`,
      `it takes ${remedy}, and pip has to reach a package index`,
    );
  }
  return path.dirname(python);
}
