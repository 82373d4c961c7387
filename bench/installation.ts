import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
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

/** What installations are copies of, with as many tenants as any part needs. */
export interface InstallationTemplate {
  env: NodeJS.ProcessEnv;
  database: string;
  serverUrl: string;
  tenants: TenantClient[];
}

const templateName = 'template_everhook';
const tenantCount = 2;

export async function createTemplate(stack: BenchStack): Promise<InstallationTemplate> {
  await createDatabase(stack.databaseUrl, templateName);
  const env = {
    ...process.env,
    HOST: '127.0.0.1',
    DATABASE_URL: urlOf(stack.databaseUrl, templateName),
    TEMPORAL_ADDRESS: stack.temporalAddress,
    ENCRYPTION_KEYS: `bench:${randomBytes(32).toString('base64')}`,
    TOKEN_SIGNING_KEY: randomBytes(32).toString('base64'),
    RATE_LIMIT_EVENTS: '1000000/s',
    RATE_LIMIT_WRITES: '100000/s',
  };
  const run = async (...args: string[]) => {
    const { stdout } = await promisify(execFile)(process.execPath, [commandLine, ...args], { env });
    return stdout;
  };
  await run('migrate');
  const tenants: TenantClient[] = [];
  for (let number = 1; number <= tenantCount; number += 1) {
    const made = await run('tenant', 'create', '--name', `bench ${number}`, '--json');
    tenants.push(createdTenant.parse(JSON.parse(made)));
  }
  return { env, database: templateName, serverUrl: stack.databaseUrl, tenants };
}

/** Each part of the benchmark has its own database and task queue: what one leaves behind does not slow another. */
export async function installEverhook(
  template: InstallationTemplate,
  options: {
    /** Of its database and task queue. */
    name: string;
    /** Origins that deliveries may go to. */
    receivers: string[];
    settings: NodeJS.ProcessEnv;
    profileDirectory: string | null;
  },
): Promise<Installation> {
  const { name, receivers, settings, profileDirectory } = options;
  const client = new Client({ connectionString: template.serverUrl });
  await client.connect();
  try {
    const [copy, from] = [client.escapeIdentifier(name), client.escapeIdentifier(template.database)];
    await client.query(`CREATE DATABASE ${copy} TEMPLATE ${from}`);
  } finally {
    await client.end();
  }
  const databaseUrl = urlOf(template.serverUrl, name);
  return {
    env: {
      ...template.env,
      DATABASE_URL: databaseUrl,
      TEMPORAL_TASK_QUEUE: name,
      EGRESS_ALLOW: receivers.join(','),
      ...settings,
    },
    databaseUrl,
    tenants: template.tenants,
    profileDirectory: profileDirectory === null ? null : path.resolve(profileDirectory, name),
  };
}

function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}
