import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { reservePort } from '../../scripts/local-stack/ports';
import { startProgram, untilReady, type RunningProgram } from '../../scripts/local-stack/process';
import { codecOf } from './codec';

const run = promisify(execFile);

/** The command line as users run it; `npm test` builds it first. */
const cli = path.resolve(__dirname, '..', '..', 'dist', 'src', 'cli', 'main.js');

/** Everything a process of Everhook is told by its environment: nothing of the test's own goes along. */
export interface Surroundings {
  databaseUrl: string;
  temporalAddress: string;
  taskQueue: string;
  /** Origins of the test's receivers. */
  allow: string[];
  settings?: Record<string, string>;
  /** Where all that its processes print is appended; `output()` has nothing then. */
  logFile?: string;
}

export interface EverhookProcess {
  pid: number;
  /** Of the API; a worker alone answers only on `operationsUrl`. */
  url: string;
  operationsUrl: string;
  /** The end of what it logged. */
  output(): string;
  /** SIGTERM, and waits until it is gone. */
  stop(): Promise<void>;
  /** SIGKILL: no goodbye. */
  kill(): Promise<void>;
}

/** One set of keys a test file, so that all its processes read each other's secrets and tokens. */
const keys = {
  ENCRYPTION_KEYS: `test:${randomBytes(32).toString('base64')}`,
  TOKEN_SIGNING_KEY: randomBytes(32).toString('base64'),
};

/** What all of them encrypt Temporal's payloads with. */
export const everhookCodec = () => codecOf(keys.ENCRYPTION_KEYS);

function environment({ databaseUrl, temporalAddress, taskQueue, allow, settings }: Surroundings): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_TASK_QUEUE: taskQueue,
    EGRESS_ALLOW: allow.join(','),
    LOG_LEVEL: 'info',
    HOST: '127.0.0.1',
    ...keys,
    ...settings,
  };
}

/** Starts `everhook start`, `api` or `worker` as a process of its own and waits until it answers. */
export async function startEverhook(
  command: 'start' | 'api' | 'worker',
  surroundings: Surroundings,
  { until = 'ready' }: { until?: 'alive' | 'ready' } = {},
): Promise<EverhookProcess> {
  const [port, operationsPort] = [await reservePort(), await reservePort()];
  const program = startProgram({
    name: `everhook ${command}`,
    ...commandLine(command, surroundings.logFile),
    env: { ...environment(surroundings), PORT: String(port), METRICS_PORT: String(operationsPort) },
  });
  const operationsUrl = `http://127.0.0.1:${operationsPort}`;
  const probe = `${operationsUrl}/${until === 'ready' ? 'readyz' : 'livez'}`;
  await untilReady(program, `everhook ${command}`, async () => (await fetch(probe)).ok, 30_000);
  const url = `http://127.0.0.1:${port}`;
  if (command !== 'worker') {
    await untilReady(program, `everhook ${command}`, async () => (await fetch(`${url}/livez`)).ok, 30_000);
  }
  return {
    pid: program.pid,
    url,
    operationsUrl,
    output: program.output,
    stop: program.stop,
    kill: () => killed(program),
  };
}

function commandLine(command: string, logFile: string | undefined): { command: string; args: string[] } {
  if (logFile === undefined) return { command: process.execPath, args: [cli, command] };
  const script = 'out=$1; shift; exec "$@" >>"$out" 2>&1';
  return { command: 'sh', args: ['-c', script, 'sh', logFile, process.execPath, cli, command] };
}

async function killed(program: RunningProgram): Promise<void> {
  process.kill(program.pid, 'SIGKILL');
  while (!program.hasExited()) await sleep(10);
}

export interface TenantCredentials {
  tenantId: string;
  clientId: string;
  clientSecret: string;
}

/** `everhook tenant create`. */
export async function createTenant(surroundings: Surroundings, name = 'Acme'): Promise<TenantCredentials> {
  const { stdout } = await run(process.execPath, [cli, 'tenant', 'create', '--name', name, '--json'], {
    env: environment(surroundings),
  });
  return JSON.parse(stdout) as TenantCredentials;
}

export interface Answer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

/** A REST client of one tenant, with a token got as users get it. */
export interface TenantApi {
  call<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<Answer<T>>;
}

export async function tenantApi(url: () => string, credentials: TenantCredentials): Promise<TenantApi> {
  const basic = Buffer.from(`${credentials.clientId}:${credentials.clientSecret}`).toString('base64');
  const answer = await fetch(`${url()}/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return {
    async call<T>(method: string, path: string, body?: unknown) {
      const response = await fetch(url() + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: (text ? JSON.parse(text) : null) as T };
    },
  };
}

/** Asks again and again until the answer is as wanted; says what the last answer was when it never is. */
export async function eventually<T>(
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  withinMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`not as wanted within ${withinMs} ms: ${JSON.stringify(answer)}`);
    await sleep(50);
  }
}
