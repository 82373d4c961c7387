import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client } from 'pg';
import { postgresBinaries } from '../../scripts/local-stack/postgres-binaries';
import { reservePort } from '../../scripts/local-stack/ports';
import { findOnPath, runToEnd, startProgram, untilReady } from '../../scripts/local-stack/process';
import { migrateToLatest } from '../../src/store/database';
import { openStoresOn } from '../store/stores';
import { part } from './pages';
import { walk } from './shell';
import { stepsOf } from './walkthrough';

jest.setTimeout(120_000);

const quiet = () => {};

/**
 * Where PostgreSQL's server of the same version as the `pg_dump` of this machine is: npm's PostgreSQL comes without
 * `pg_dump`, and one that is older than its server refuses. Undefined, and said so, where there is no such pair.
 */
function pairOnThisMachine(): { client: string; server: string } | undefined {
  const found = findOnPath('pg_dump', process.env);
  if (found === undefined) return undefined;
  const [, major = ''] = /(\d+)/.exec(execFileSync(found, ['--version'], { encoding: 'utf8' })) ?? [];
  const asked = spawnSync('pg_config', ['--bindir'], { encoding: 'utf8' });
  const candidates = [path.dirname(found), asked.stdout?.trim() ?? '', `/usr/lib/postgresql/${major}/bin`];
  const server = candidates.find((directory) => {
    const version = spawnSync(path.join(directory, 'postgres'), ['--version'], { encoding: 'utf8' });
    return existsSync(path.join(directory, 'initdb')) && version.stdout?.includes(` ${major}.`);
  });
  return server === undefined ? undefined : { client: path.dirname(found), server };
}

/** A server of those binaries, for as long as `use` takes. */
async function withServer(binaries: string, use: (url: (user: string, name: string) => string) => Promise<void>) {
  const { user } = await postgresBinaries(quiet);
  const directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-dumps-'));
  const data = path.join(directory, 'data');
  await chmod(directory, 0o711);
  await mkdir(data, { mode: 0o700 });
  if (user) await chown(data, user.uid, user.gid);
  const program = (name: string, args: string[]) => ({
    name,
    command: path.join(binaries, name),
    args,
    cwd: data,
    user,
  });
  const made = ['-D', data, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
  try {
    await runToEnd(program('initdb', made), quiet);
    const port = String(await reservePort());
    const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'fsync=off'];
    const args = ['-D', data, '-p', port, ...settings.flatMap((setting) => ['-c', setting])];
    const running = startProgram({ ...program('postgres', args), stopSignal: 'SIGINT' });
    const url = (as: string, name: string) => `postgres://${as}@127.0.0.1:${port}/${name}`;
    try {
      await untilReady(running, 'PostgreSQL', () => administer(url('postgres', 'postgres'), ['SELECT 1']));
      await use(url);
    } finally {
      await running.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function administer(url: string, statements: string[]): Promise<boolean> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
    return true;
  } finally {
    await client.end();
  }
}

it('the dump of docs/backup.md can be restored by the user of DATABASE_URL, who is no administrator', async () => {
  const pair = pairOnThisMachine();
  if (!pair) {
    process.stderr.write('The dump of docs/backup.md is not made: no pg_dump with a server of its version here\n');
    return;
  }
  await withServer(pair.server, async (url) => {
    await administer(url('postgres', 'postgres'), [
      'CREATE ROLE everhook LOGIN',
      'CREATE ROLE everhook_tenant NOLOGIN',
      'GRANT everhook_tenant TO everhook',
      'CREATE DATABASE everhook OWNER everhook',
    ]);
    await migrateToLatest(url('everhook', 'everhook'));
    const before = openStoresOn(url('everhook', 'everhook'));
    const tenantId = await before.tenant();
    const { id } = await before.webhook(tenantId);
    await before.publish(tenantId);
    await before.close();

    const directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-dump-'));
    const { failure } = await walk({
      steps: stepsOf(part({ file: 'docs/backup.md', heading: '## Elsewhere' })),
      functions: '',
      places: [],
      env: {
        PATH: `${pair.client}:${process.env.PATH}`,
        DATABASE_URL: url('everhook', 'everhook'),
        ADMIN_URL: url('postgres', 'postgres'),
        RESTORED_URL: url('everhook', 'restored'),
      },
      cwd: directory,
      timeoutMs: 100_000,
    });
    await rm(directory, { recursive: true, force: true });
    expect(failure).toBeNull();

    expect(await migrateToLatest(url('everhook', 'restored'))).toEqual([]);
    const after = openStoresOn(url('everhook', 'restored'), { keyring: before.keyring });
    try {
      expect(await after.webhooks.find(tenantId, id)).toMatchObject({ id });
      expect((await after.publish(tenantId)).toStart).toHaveLength(1);
    } finally {
      await after.close();
    }
  });
});
