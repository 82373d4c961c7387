import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createApi, type ApiDependencies } from '../../src/api/app';
import { readConfig } from '../../src/platform/config';
import { noTracing } from '../../src/platform/tracing';
import { createTenancy } from '../../src/store/tenancy';

/** One operation of the document, as far as the client is made from it. */
export interface Operation {
  operationId: string;
  security: Record<string, string[]>[];
  responses: Record<string, unknown>;
}

export interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown> };
}

/**
 * The document that this version of the API serves at `/openapi.json`, without a database or Temporal: routes describe
 * themselves, and none of those that need more is called.
 */
export async function servedDocument(): Promise<OpenApi> {
  const config = readConfig({
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
    TOKEN_SIGNING_KEY: randomBytes(32).toString('base64'),
  });
  const log = pino({ level: 'silent' });
  const parts = { config, log, registry: new Registry(), tenancy: createTenancy(), tracing: noTracing };
  const server = createServer((request, response) => void handle(request, response));
  const handle = createApi(parts as ApiDependencies).callback();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/openapi.json`);
    return (await answer.json()) as OpenApi;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
