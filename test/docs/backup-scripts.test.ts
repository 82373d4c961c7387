import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from './documents';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'everhook-backup-'));
  mkdirSync(path.join(directory, 'bin'));
  mkdirSync(path.join(directory, 'server'));
  writeFileSync(path.join(directory, 'server', 'PG_VERSION'), '18\n');
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Runs a script beside a `docker` that backs up the directory `server`, and restores into `data`. */
function run(script: string, args: string[], { running = '', broken = false } = {}) {
  const program = (name: string, text: string) => {
    writeFileSync(path.join(directory, 'bin', name), `#!/bin/sh\n${text}\n`);
    chmodSync(path.join(directory, 'bin', name), 0o755);
  };
  program('chown', 'exit 0');
  program(
    'docker',
    `echo "$*" | head -n 1 >> "${directory}/asked"
     case "$2" in
     exec) tar -czf - -C "${directory}/server" . ${broken ? '; exit 1' : ''} ;;
     ps) printf '%s' '${running}' ;;
     run) for last; do :; done; PGDATA="${directory}/data" exec sh -ec "$last" ;;
     esac`,
  );
  const env = { PATH: `${path.join(directory, 'bin')}:${process.env.PATH}` };
  return spawnSync('sh', [path.join(root, 'deploy', script), ...args], { env, encoding: 'utf8' });
}

const backups = () => path.join(directory, 'backups');
const asked = () => readFileSync(path.join(directory, 'asked'), 'utf8');

it('a backup is one file, for its owner alone, that a restore puts where there is no data', () => {
  const { status, stdout } = run('backup.sh', [backups()]);
  expect(status).toBe(0);
  const file = stdout.trim();
  expect(path.basename(file)).toMatch(/^everhook-\d{8}T\d{6}Z\.tar\.gz$/);
  expect(statSync(file).mode & 0o077).toBe(0);
  expect(asked()).toContain('--wal-method=fetch');

  expect(run('restore.sh', [file]).status).toBe(0);
  expect(readFileSync(path.join(directory, 'data', 'PG_VERSION'), 'utf8')).toBe('18\n');
  expect(asked()).toMatch(/up -d --wait postgres\n$/);

  const again = run('restore.sh', [file]);
  expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('there is data already')]);
});

it('a backup that breaks off leaves nothing that looks like one', () => {
  expect(run('backup.sh', [backups()], { broken: true }).status).not.toBe(0);
  expect(readdirSync(backups())).toEqual([]);
});

it('nothing is restored while something runs', () => {
  const file = run('backup.sh', [backups()]).stdout.trim();
  const refused = run('restore.sh', [file], { running: '0123456789ab' });
  expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('docker compose down')]);
  expect(existsSync(path.join(directory, 'data'))).toBe(false);
});
