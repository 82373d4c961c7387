import path from 'node:path';
import { Pool } from 'undici';
import { z } from 'zod';
import { reservePort } from '../scripts/local-stack/ports';
import { startProgram, untilReady, type RunningProgram } from '../scripts/local-stack/process';
import { deliveryId, message } from './delivery-id';
import type { EventTarget } from './generator-questions';
import { commandLine, type Installation } from './installation';

/** Running processes of an installation. */
export interface Everhook {
  api: RunningProgram;
  /** One of them is the API's process where both are one. */
  workers: RunningProgram[];
  /** By the number of the tenant, from 0. */
  tenant(number: number): TenantApi;
  /** Another one, without waiting until it is ready. */
  addWorker(): Promise<RunningProgram>;
  stop(): Promise<void>;
}

/** What the benchmark does in a tenant's name. */
export interface TenantApi {
  /** An event type of the tenant's own with a webhook at each URL; resolves with where to publish, `perRequest` in one. */
  subscribe(type: string, urls: string[]): Promise<(perRequest: number) => EventTarget>;
  /** Publishes the events of a group from `first` up to before `end` in one request. */
  publishBatch(type: string, group: string, first: number, end: number): Promise<void>;
  createConsent(): Promise<void>;
}

const newConsent = {
  type: 'DATA',
  loggedUser: { document: { identification: '12345678909', rel: 'CPF' } },
  permissions: ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'],
};

/** Memory is bounded as package.json bounds it. */
const memorySettings = {
  api: { MALLOC_ARENA_MAX: '2', NODE_OPTIONS: '--max-semi-space-size=16' },
  worker: { MALLOC_ARENA_MAX: '2', NODE_OPTIONS: '--max-semi-space-size=16 --max-old-space-size=192' },
  start: { MALLOC_ARENA_MAX: '2', NODE_OPTIONS: '--max-semi-space-size=16' },
};

/** A token lives for an hour. */
const tokenGoodForMs = 30 * 60_000;

/**
 * Starts an API and workers, a process each or, as `everhook start` does, both in one; resolves when all are ready and
 * the API has given tokens.
 */
export async function startEverhook(
  installation: Installation,
  {
    settings = {},
    processes = 2,
    workers = 1,
  }: { settings?: NodeJS.ProcessEnv; processes?: 1 | 2; workers?: number } = {},
): Promise<Everhook> {
  const apiPort = await reservePort();
  const started: RunningProgram[] = [];
  const http = new Pool(`http://127.0.0.1:${apiPort}`, { connections: 64 });
  const stop = async () => {
    await http.destroy();
    await Promise.all(started.map((program) => program.stop()));
  };

  async function launch(role: 'api' | 'worker' | 'start'): Promise<{ program: RunningProgram; metricsPort: number }> {
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
    return { program, metricsPort };
  }

  async function start(role: 'api' | 'worker' | 'start'): Promise<RunningProgram> {
    const { program, metricsPort } = await launch(role);
    const ready = async () => (await fetch(`http://127.0.0.1:${metricsPort}/readyz`)).ok;
    await untilReady(program, `Everhook's ${role}`, ready);
    return program;
  }

  async function call(
    method: 'POST' | 'PUT',
    path: string,
    headers: Record<string, string>,
    body: string,
  ): Promise<unknown> {
    const response = await http.request({ method, path, headers, body });
    if (response.statusCode >= 300) {
      throw new Error(`${path} answered ${response.statusCode}: ${await response.body.text()}`);
    }
    return response.body.json();
  }

  async function createTenantApi(number: number): Promise<TenantApi> {
    const client = installation.tenants[number];
    if (!client) throw new Error(`the installation has no tenant ${number}`);
    const basic = Buffer.from(`${client.clientId}:${client.clientSecret}`).toString('base64');
    let token = { value: '', until: 0 };

    async function authorization(): Promise<string> {
      if (Date.now() >= token.until) {
        const headers = { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' };
        const answer = await call('POST', '/oauth2/token', headers, 'grant_type=client_credentials');
        const { access_token: value } = z.object({ access_token: z.string() }).parse(answer);
        token = { value: `Bearer ${value}`, until: Date.now() + tokenGoodForMs };
      }
      return token.value;
    }
    const send = async (method: 'POST' | 'PUT', path: string, body: object) => {
      const headers = { authorization: await authorization(), 'content-type': 'application/json' };
      return call(method, path, headers, JSON.stringify(body));
    };

    await authorization();
    return {
      async subscribe(type, urls) {
        await send('PUT', `/api/v1/event-types/${type}`, { description: 'Of a benchmark.' });
        for (const targetUrl of urls) {
          await send('POST', '/api/v1/webhooks', { targetUrl, events: [type], maxRetries: 3 });
        }
        const given = await authorization();
        return (perRequest) => ({ port: apiPort, authorization: given, type, perRequest });
      },
      async publishBatch(type, group, first, end) {
        const events = Array.from({ length: end - first }, (_, offset) => ({
          id: deliveryId(group, first + offset),
          type,
          payload: { message },
        }));
        const answer = await send('POST', '/api/v1/events/batch', { events });
        const { results } = z.object({ results: z.array(z.object({ status: z.number() })) }).parse(answer);
        if (results.some(({ status }) => status !== 202)) throw new Error('an event of a batch was refused');
      },
      async createConsent() {
        await send('POST', '/api/v1/consents', newConsent);
      },
    };
  }

  try {
    const [api, ...separate] =
      processes === 1
        ? [await start('start')]
        : await Promise.all([start('api'), ...Array.from({ length: workers }, () => start('worker'))]);
    if (!api) throw new Error('nothing was started');
    const tenants = await Promise.all(installation.tenants.map((_, number) => createTenantApi(number)));
    return {
      api,
      workers: processes === 1 ? [api] : separate,
      tenant(number) {
        const tenant = tenants[number];
        if (!tenant) throw new Error(`the installation has no tenant ${number}`);
        return tenant;
      },
      addWorker: async () => (await launch('worker')).program,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
