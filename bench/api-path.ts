import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { Pool } from 'undici';
import { z } from 'zod';
import { startPostgres } from '../scripts/local-stack/postgres';
import { migrateToLatest } from '../src/store/database';
import { cpuMsWithChildren, readChildren } from './process-usage';

interface Options {
  requests: string;
  webhooks: string;
  only?: string;
  profile?: string;
}

/** One way of publishing. */
interface Shape {
  name: string;
  tenants: number;
  concurrency: number;
  /** Events a request; 1 is `POST /api/v1/events`. */
  events: number;
}

const shapes: readonly Shape[] = [
  { name: 'single32', tenants: 1, concurrency: 32, events: 1 },
  { name: 'single64', tenants: 1, concurrency: 64, events: 1 },
  { name: 'tenants32', tenants: 100, concurrency: 32, events: 1 },
  { name: 'quiet', tenants: 1, concurrency: 1, events: 1 },
  { name: 'batch100', tenants: 1, concurrency: 4, events: 100 },
];

const payload = { message: 'x'.repeat(200), number: 42, nested: { list: [1, 2, 3], flag: true } };
let counter = 0;
const newEvent = () => ({ id: `bench-${counter++}`, type: 'everhook.test', payload });

async function measure(shape: Shape, databaseUrl: string, postgresPid: number | null, options: Options): Promise<void> {
  const api = fork(
    path.join(__dirname, 'api-path-process.js'),
    [databaseUrl, String(shape.tenants), options.webhooks],
    {
      execArgv: options.profile ? ['--cpu-prof', `--cpu-prof-dir=${path.join(options.profile, shape.name)}`] : [],
      // A file, as a service's log is: a pipe would charge us for reading it.
      stdio: ['ignore', openSync('/dev/null', 'w'), 'inherit', 'ipc'],
    },
  );
  const { port, tokens } = started.parse(await answer(api));
  const http = new Pool(`http://127.0.0.1:${port}`, { connections: shape.concurrency });

  async function drive(count: number): Promise<number> {
    let requests = 0;
    const publisher = async () => {
      while (requests < count) {
        const token = tokens[requests % tokens.length];
        const body = shape.events === 1 ? newEvent() : { events: Array.from({ length: shape.events }, newEvent) };
        requests += 1;
        const { statusCode, body: text } = await http.request({
          method: 'POST',
          path: shape.events === 1 ? '/api/v1/events' : '/api/v1/events/batch',
          headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
        const answered = await text.text();
        if (statusCode !== 202) throw new Error(`answered ${statusCode}: ${answered}`);
      }
    };
    await Promise.all(Array.from({ length: shape.concurrency }, publisher));
    return requests * shape.events;
  }

  const cpuMs = async () => {
    const { cpu } = usage.parse(await answer(api, 'cpu'));
    return { api: (cpu.user + cpu.system) / 1000, postgres: cpuMsWithChildren(postgresPid) ?? NaN };
  };
  const count = Math.ceil(Number(options.requests) / (shape.events === 1 ? 1 : 25));
  // Compiled code, prepared statements and plans are what a service runs with.
  await drive(count);
  const before = await cpuMs();
  const startedAt = Date.now();
  const events = await drive(count);
  const seconds = (Date.now() - startedAt) / 1000;
  const after = await cpuMs();
  console.log(
    `${shape.name.padEnd(10)} ${(events / seconds).toFixed(0).padStart(6)} events/s  API ${((after.api - before.api) / events).toFixed(3)} ms/event  PostgreSQL ${((after.postgres - before.postgres) / events).toFixed(3)} ms/event`,
  );
  await http.destroy();
  api.send('stop');
  await once(api, 'exit');
}

const started = z.object({ port: z.number(), tokens: z.array(z.string()) });
const usage = z.object({ cpu: z.object({ user: z.number(), system: z.number() }) });

async function answer(api: ChildProcess, question?: string): Promise<unknown> {
  const heard = once(api, 'message');
  if (question) api.send(question);
  const [said] = (await heard) as [unknown];
  return said;
}

async function run(options: Options): Promise<void> {
  const env = { ...process.env, DATABASE_URL: undefined };
  const postgres = await startPostgres({ log: () => {}, database: 'everhook', maxConnections: 100, env });
  try {
    const pid = readChildren(process.pid).find(({ command }) => command === 'postgres')?.pid ?? null;
    await migrateToLatest(postgres.url);
    for (const shape of shapes) {
      if (!options.only || options.only.split(',').includes(shape.name))
        await measure(shape, postgres.url, pid, options);
    }
  } finally {
    await postgres.stop();
  }
}

new Command('api-path')
  .description('Processor time of publishing: the API alone on PostgreSQL, nothing started')
  .option('--requests <number>', 'of each measurement; of batches a 25th', '5000')
  .option('--webhooks <number>', 'that each event goes to', '1')
  .option('--only <names>', 'comma-separated')
  .option('--profile <directory>', 'keep CPU profiles there')
  .action(run)
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
