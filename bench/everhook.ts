import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { Pool } from 'undici';
import { z } from 'zod';
import { reservePort } from '../scripts/local-stack/ports';
import { startProgram, untilReady, type RunningProgram } from '../scripts/local-stack/process';
import { message, type Contender } from './contender';
import type { Receiver } from './receiver';
import type { BenchStack } from './stack';

/** An installation of Everhook: a migrated database with a tenant, and what its processes are configured with. */
export interface Installation {
  env: NodeJS.ProcessEnv;
  client: { clientId: string; clientSecret: string };
  receiverOrigin: string;
  /** Where its processes leave profiles when they end. */
  profileDirectory?: string;
}

export interface Everhook extends Contender {
  api: RunningProgram;
  /** The same as the API in one process. */
  worker: RunningProgram;
  /** Registers a webhook at the receiver and resolves with its id. */
  register(path: '/accept' | '/refuse'): Promise<string>;
  /** Publishes an event for one webhook for each id. */
  sendBatch(ids: readonly string[], webhookId: string): Promise<void>;
  createConsent(): Promise<void>;
  stop(): Promise<void>;
}

const newConsent = {
  type: 'DATA',
  loggedUser: { document: { identification: '12345678909', rel: 'CPF' } },
  permissions: ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'],
};
const eventType = 'everhook.test';
const commandLine = path.join(__dirname, '..', 'src', 'cli', 'main.js');
const createdTenant = z.object({ clientId: z.string(), clientSecret: z.string() });

export async function installEverhook(
  { databaseUrl, temporalAddress }: BenchStack,
  receiver: Receiver,
  profileDirectory?: string,
): Promise<Installation> {
  const env = {
    ...process.env,
    HOST: '127.0.0.1',
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    ENCRYPTION_KEYS: `bench:${randomBytes(32).toString('base64')}`,
    TOKEN_SIGNING_KEY: randomBytes(32).toString('base64'),
    EGRESS_ALLOW: receiver.origin,
  };
  const run = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [commandLine, ...args], { env });
    return stdout;
  };
  await run('migrate');
  const client = createdTenant.parse(JSON.parse(await run('tenant', 'create', '--name', 'bench', '--json')));
  return { env, client, receiverOrigin: receiver.origin, ...(profileDirectory && { profileDirectory }) };
}

/** Memory is bounded as package.json bounds it. */
const memorySettings = {
  api: {},
  worker: { MALLOC_ARENA_MAX: '2', NODE_OPTIONS: '--max-semi-space-size=4 --max-old-space-size=192' },
  start: { MALLOC_ARENA_MAX: '2', NODE_OPTIONS: '--max-semi-space-size=4' },
};

/**
 * Starts an API and a worker, a process each or, as `everhook start` does, in one; resolves when both are ready and the
 * API has given a token.
 */
export async function startEverhook(
  installation: Installation,
  { settings = {}, processes = 2 }: { settings?: NodeJS.ProcessEnv; processes?: 1 | 2 } = {},
): Promise<Everhook> {
  const apiPort = await reservePort();
  const started: RunningProgram[] = [];
  const stop = async () => {
    await http.destroy();
    await Promise.all(started.map((program) => program.stop()));
  };

  async function start(role: 'api' | 'worker' | 'start'): Promise<RunningProgram> {
    const metricsPort = await reservePort();
    const { profileDirectory } = installation;
    const profiling = profileDirectory ? ['--cpu-prof', `--cpu-prof-dir=${path.join(profileDirectory, role)}`] : [];
    const program = startProgram({
      name: `Everhook's ${role}`,
      command: process.execPath,
      args: [...profiling, commandLine, role],
      env: {
        ...installation.env,
        ...memorySettings[role],
        PORT: String(apiPort),
        METRICS_PORT: String(metricsPort),
        ...settings,
      },
    });
    started.push(program);
    const ready = async () => (await fetch(`http://127.0.0.1:${metricsPort}/readyz`)).ok;
    await untilReady(program, `Everhook's ${role}`, ready);
    return program;
  }

  const http = new Pool(`http://127.0.0.1:${apiPort}`, { connections: 64 });

  async function post(path: string, headers: Record<string, string>, body: string): Promise<unknown> {
    const response = await http.request({ method: 'POST', path, headers, body });
    if (response.statusCode >= 300) {
      throw new Error(`${path} answered ${response.statusCode}: ${await response.body.text()}`);
    }
    return response.body.json();
  }

  async function token(): Promise<string> {
    const { clientId, clientSecret } = installation.client;
    const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
    const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await post('/oauth2/token', headers, 'grant_type=client_credentials');
    return z.object({ access_token: z.string() }).parse(answer).access_token;
  }

  try {
    const [api, worker = api] =
      processes === 1 ? [await start('start')] : await Promise.all([start('api'), start('worker')]);
    const headers = { authorization: `Bearer ${await token()}`, 'content-type': 'application/json' };
    const call = (path: string, body: object) => post(path, headers, JSON.stringify(body));
    return {
      name: processes === 1 ? 'Everhook in one process' : 'Everhook',
      api,
      worker,
      async register(path) {
        const targetUrl = installation.receiverOrigin + path;
        const webhook = await call('/api/v1/webhooks', { targetUrl, events: [eventType], maxRetries: 3 });
        return z.object({ id: z.string() }).parse(webhook).id;
      },
      async send(id) {
        await call('/api/v1/events', { id, type: eventType, payload: { message } });
      },
      async sendBatch(ids, webhookId) {
        const events = ids.map((id) => ({ id, type: eventType, payload: { message }, webhookId }));
        const answer = await call('/api/v1/events/batch', { events });
        const { results } = z.object({ results: z.array(z.object({ status: z.number() })) }).parse(answer);
        if (results.some(({ status }) => status !== 202)) throw new Error('an event of a batch was refused');
      },
      async createConsent() {
        await call('/api/v1/consents', newConsent);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
