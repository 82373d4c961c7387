import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { cacheDirectory, isCode } from '../../scripts/local-stack/cache';
import { reservePort } from '../../scripts/local-stack/ports';
import { startPostgres, type Postgres } from '../../scripts/local-stack/postgres';
import { findOnPath } from '../../scripts/local-stack/process';
import { temporalExecutable } from '../../scripts/local-stack/temporal';
import { reserveFullServerPorts } from '../../scripts/local-stack/temporal-full';
import { root } from './documents';
import { fullTemporal, part } from './pages';
import { runnable, walk } from './shell';
import { stepsOf } from './walkthrough';

jest.setTimeout(300_000);

const built = path.join(cacheDirectory(process.env), 'temporal-server-1.32.1');
const programs = ['server/server', 'sql/sql', 'ui/server'];
const missing = programs.filter((program) => !existsSync(path.join(built, program)));

let directory: string;
let postgres: Postgres | undefined;
beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-full-temporal-'));
});
afterAll(async () => {
  const pids = path.join(directory, 'pids');
  const started = existsSync(pids) ? readFileSync(pids, 'utf8').trim().split('\n').map(Number) : [];
  for (const pid of started) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      // One that could not go on ended by itself: the test says so.
      if (!isCode(error, 'ESRCH')) throw error;
    }
  }
  await postgres?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** The built programs at another place; servers go on in the background there, in a terminal of their own as it were. */
function toolsIn(place: string): void {
  for (const program of programs) {
    const [real, here] = [path.join(built, program), path.join(place, program)];
    mkdirSync(path.dirname(here), { recursive: true });
    if (path.basename(program) !== 'server') {
      symlinkSync(real, here);
      continue;
    }
    writeFileSync(here, `#!/bin/sh\n"${real}" "$@" >"${here}.log" 2>&1 &\necho $! >>"${directory}/pids"\n`);
    chmodSync(here, 0o755);
  }
}

it('the full server of Temporal runs on PostgreSQL as docs/operations.md has it, with namespace and Web UI', async () => {
  const steps = runnable(stepsOf(part(fullTemporal)));
  if (missing.length > 0) process.stderr.write(`The full server of Temporal is not built: no ${missing.join()}\n`);
  if (missing.length > 0 || steps.length < 3) return;

  const env = { ...process.env, DATABASE_URL: undefined };
  postgres = await startPostgres({ log: () => {}, env, database: 'everhook', fsync: false });
  const { port: postgresPort, username, password } = new URL(postgres.url);
  const ports = await reserveFullServerPorts();
  const uiPort = String(await reservePort());
  toolsIn(path.join(directory, 'tools'));
  symlinkSync(path.join(root, 'deploy'), path.join(directory, 'deploy'));
  const temporal = await temporalExecutable(() => {});
  const go = findOnPath('go', process.env) ?? 'go';
  const { failure } = await walk({
    steps,
    functions: `uiAnswers() { command curl -s -f -o /dev/null --noproxy '*' "http://localhost:${uiPort}"; }`,
    places: [
      ['7233', String(ports.frontend.grpc)],
      ['8233', uiPort],
      ['5432', postgresPort],
      ['…', 'a-password'],
    ],
    env: {
      PATH: [path.dirname(temporal), path.dirname(go), process.env.PATH].join(':'),
      HOME: process.env.HOME,
      TOOLS: path.join(directory, 'tools'),
      PGHOST: '127.0.0.1',
      PGPORT: postgresPort,
      PGUSER: username,
      PGPASSWORD: password,
      FRONTEND_GRPC_PORT: String(ports.frontend.grpc),
      FRONTEND_MEMBERSHIP_PORT: String(ports.frontend.membership),
      FRONTEND_HTTP_PORT: String(ports.http),
      HISTORY_GRPC_PORT: String(ports.history.grpc),
      HISTORY_MEMBERSHIP_PORT: String(ports.history.membership),
      MATCHING_GRPC_PORT: String(ports.matching.grpc),
      MATCHING_MEMBERSHIP_PORT: String(ports.matching.membership),
      WORKER_GRPC_PORT: String(ports.worker.grpc),
      WORKER_MEMBERSHIP_PORT: String(ports.worker.membership),
    },
    cwd: directory,
    timeoutMs: 240_000,
  });
  expect(failure).toBeNull();
});
