import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { Client as PostgresClient } from 'pg';
import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey, TypedSearchAttributes } from '@temporalio/common';
import { Worker, type NativeConnection } from '@temporalio/worker';
import { startPostgres } from '../../scripts/local-stack/postgres';
import { startTemporal } from '../../scripts/local-stack/temporal';
import { createTestDatabase } from '../support/database';
import { devServer, quietTemporal, testTaskQueue, timeSkippingEnvironment } from '../support/temporal';

const quiet = () => {};

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new PostgresClient({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** Runs the probe workflow on a worker of its own and returns its id and result. */
async function runProbe(client: Client, connection: NativeConnection, duration: string) {
  const taskQueue = testTaskQueue();
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowsPath: require.resolve('./workflows/probe'),
  });
  const key = defineSearchAttributeKey('TenantId', 'KEYWORD');
  const result: unknown = await worker.runUntil(
    client.workflow.execute('probe', {
      taskQueue,
      workflowId: taskQueue,
      args: [duration],
      typedSearchAttributes: new TypedSearchAttributes([{ key, value: taskQueue }]),
    }),
  );
  return { id: taskQueue, result };
}

beforeAll(quietTemporal);

test('PostgreSQL keeps its data when it is started again on the same directory', async () => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-kept-'));
  try {
    const start = () => startPostgres({ log: quiet, database: 'everhook', directory, fsync: false, env: {} });
    const first = await start();
    await query(first.url, "CREATE TABLE kept AS SELECT 'still here' AS word");
    await first.stop();
    const second = await start();
    try {
      expect(await query(second.url, 'SELECT word FROM kept')).toEqual([{ word: 'still here' }]);
    } finally {
      await second.stop();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test('what DATABASE_URL and TEMPORAL_ADDRESS name is used as it is', async () => {
  const env = { DATABASE_URL: 'postgres://elsewhere/app', TEMPORAL_ADDRESS: 'elsewhere:7233' };
  expect(await startPostgres({ log: quiet, database: 'everhook', env })).toMatchObject({ url: env.DATABASE_URL });
  const temporal = await startTemporal({ log: quiet, env });
  expect(temporal).toMatchObject({ address: env.TEMPORAL_ADDRESS, uiUrl: undefined });
});

test('test databases are migrated and separate, also when many are made at once', async () => {
  const databases = await Promise.all(Array.from({ length: 4 }, createTestDatabase));
  const [one, other] = databases;
  await query(one!.url, 'CREATE TABLE mine ()');
  expect(await query(other!.url, "SELECT to_regclass('mine') AS mine")).toEqual([{ mine: null }]);
  expect(await query(other!.url, "SELECT to_regclass('deliveries') AS table")).toEqual([{ table: 'deliveries' }]);
  await Promise.all(databases.map((database) => database.drop()));
  await expect(query(one!.url, 'SELECT 1')).rejects.toThrow('does not exist');
});

test('the dev server runs workflows, finds them by search attribute and shows its Web UI', async () => {
  const server = devServer();
  try {
    const client = await server.client();
    const { id, result } = await runProbe(client, await server.connection(), '1 ms');
    expect(result).toBe('past');
    const found = () => client.workflow.count(`TenantId = '${id}' AND DeliveryStatus = 'delivered'`);
    while ((await found()).count === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    const page = await fetch(server.uiUrl);
    expect(await page.text()).toContain('<html');
  } finally {
    await server.close();
  }
});

test('a 70-minute timer passes at once on the time-skipping server, which knows our search attributes', async () => {
  const environment = await timeSkippingEnvironment();
  try {
    const before = await environment.currentTimeMs();
    const { result } = await runProbe(environment.client, environment.nativeConnection, '70 minutes');
    expect(result).toBe('past');
    expect((await environment.currentTimeMs()) - before).toBeGreaterThanOrEqual(70 * 60_000);
  } finally {
    await environment.teardown();
  }
});
