import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './documents';

interface Lock {
  packages: Record<string, { version?: string; optionalDependencies?: Record<string, string> }>;
}

/**
 * `npm install` leaves out what the registry in use does not have, such as the builds for other systems, and `npm ci` of
 * npm 11.16 and later then refuses the whole file (npm/cli issue 9846).
 */
it('npm ci takes the lock file: every optional package that it names has an entry', () => {
  const { packages }: Lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  const missing = Object.entries(packages).flatMap(([parent, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter(
      (name) => !packages[`node_modules/${name}`]?.version && !packages[`${parent}/node_modules/${name}`]?.version,
    ),
  );
  expect(missing).toEqual([]);
});

it('names no registry', () => {
  expect(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).not.toContain('"resolved"');
});

/**
 * npm runs no install script that nobody approved, and few machines have a compiler: what is built in C has to come built,
 * for the oldest Node.js that package.json allows.
 */
it('argon2 comes with a build that this Node.js loads', () => {
  const script = "require('argon2').hash('x').then((hash) => console.log(hash))";
  const env = { PATH: process.env.PATH, PREBUILDS_ONLY: '1' };
  expect(execFileSync(process.execPath, ['-e', script], { cwd: root, env, encoding: 'utf8' })).toContain('$argon2id$');
});
