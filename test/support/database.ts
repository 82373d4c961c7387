import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { isCode } from '../../scripts/local-stack/cache';
import { handedOver, TEMPLATE_DATABASE } from './stack';

/** Any number, one for all test processes: CREATE DATABASE … TEMPLATE fails while another one copies the template. */
const CLONING_LOCK = 4_815_162_342;
const OBJECT_IN_USE = '55006';

export interface TestDatabase {
  url: string;
  /** Removes the database, cutting off whoever is still connected. */
  drop(): Promise<void>;
}

/** A fresh, migrated database of its own, some 50 ms; for `beforeAll`, with `drop` in `afterAll`. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `everhook_test_${randomUUID().replaceAll('-', '')}`;
  await withServer(async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [CLONING_LOCK]);
    await cloneTemplate(client, name);
  });
  const url = new URL(handedOver('database'));
  url.pathname = `/${name}`;
  return {
    url: url.href,
    drop: () =>
      withServer(async (client) => {
        await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      }),
  };
}

/** Waits up to 5 s for others to leave the template, autovacuum among them. */
async function cloneTemplate(client: Client, name: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query(`CREATE DATABASE ${name} TEMPLATE ${TEMPLATE_DATABASE}`);
      return;
    } catch (error) {
      if (!isCode(error, OBJECT_IN_USE) || attempt === 50) throw error;
      await sleep(100);
    }
  }
}

async function withServer(use: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: handedOver('database') });
  await client.connect();
  try {
    await use(client);
  } finally {
    await client.end();
  }
}
