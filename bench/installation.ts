import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { createDatabase } from '../scripts/local-stack/postgres';
import type { BenchStack } from './stack';

/** An installation of Everhook: a migrated database with tenants, and what its processes are configured with. */
export interface Installation {
  env: NodeJS.ProcessEnv;
  databaseUrl: string;
  tenants: TenantClient[];
  /** Where its processes leave CPU profiles when they end. */
  profileDirectory: string | null;
}

export interface TenantClient {
  clientId: string;
  clientSecret: string;
}

export const commandLine = path.join(__dirname, '..', 'src', 'cli', 'main.js');
const createdTenant = z.object({ clientId: z.string(), clientSecret: z.string() });

/** Each part of the benchmark has its own database and task queue: what one leaves behind does not slow another. */
export async function installEverhook(
  stack: BenchStack,
  options: {
    /** Of its database and task queue. */
    name: string;
    tenants?: number;
    /** Origins that deliveries may go to. */
    receivers: string[];
    settings: NodeJS.ProcessEnv;
    profileDirectory: string | null;
  },
): Promise<Installation> {
  const { name, tenants = 1, receivers, settings, profileDirectory } = options;
  const database = new URL(stack.databaseUrl);
  database.pathname = `/${name}`;
  await createDatabase(stack.databaseUrl, name);
  const env = {
    ...process.env,
    HOST: '127.0.0.1',
    DATABASE_URL: database.href,
    TEMPORAL_ADDRESS: stack.temporalAddress,
    TEMPORAL_TASK_QUEUE: name,
    ENCRYPTION_KEYS: `bench:${randomBytes(32).toString('base64')}`,
    TOKEN_SIGNING_KEY: randomBytes(32).toString('base64'),
    EGRESS_ALLOW: receivers.join(','),
    RATE_LIMIT_EVENTS: '1000000/s',
    RATE_LIMIT_WRITES: '100000/s',
    ...settings,
  };
  const run = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [commandLine, ...args], { env });
    return stdout;
  };
  await run('migrate');
  const clients: TenantClient[] = [];
  for (let number = 1; number <= tenants; number += 1) {
    const made = await run('tenant', 'create', '--name', `bench ${number}`, '--json');
    clients.push(createdTenant.parse(JSON.parse(made)));
  }
  const directory = profileDirectory === null ? null : path.resolve(profileDirectory, name);
  return { env, databaseUrl: database.href, tenants: clients, profileDirectory: directory };
}
