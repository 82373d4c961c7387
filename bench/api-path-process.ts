import { randomBytes } from 'node:crypto';
import { Registry } from 'prom-client';
import { createApi } from '../src/api/app';
import { createRefusalLog } from '../src/api/refusal-log';
import { listen } from '../src/api/server';
import type { DeliveryStarter } from '../src/platform/delivery-starter';
import { createAws } from '../src/platform/aws/client';
import { createAwsProbes } from '../src/platform/aws/probes';
import { createCredentialSecrets } from '../src/platform/aws/secrets';
import { readConfig } from '../src/platform/config';
import { createLogger } from '../src/platform/logging';
import { createPayloadCodec } from '../src/platform/payload-codec';
import { createTokens, hashClientSecret, newClientSecret } from '../src/platform/tokens';
import { noTracing } from '../src/platform/tracing';
import { scopes } from '../src/store/tenants';
import { newSigningSecret } from '../src/domain/signing/standard-webhooks';
import { openStores } from '../src/runtime';

/** The API as it is, on a database, with a starter that starts nothing; tells its parent what it is asked. */

const noStarts: DeliveryStarter = { enqueue: () => Promise.resolve(), close: () => Promise.resolve() };

async function run(databaseUrl: string, tenantCount: number, webhooksEach: number): Promise<void> {
  const config = readConfig({
    DATABASE_URL: databaseUrl,
    ENCRYPTION_KEYS: `bench:${randomBytes(32).toString('base64')}`,
    TOKEN_SIGNING_KEY: randomBytes(32).toString('base64'),
    RATE_LIMIT_EVENTS: '10000000/s',
  });
  const log = createLogger({ level: 'info', role: 'api' });
  const stores = openStores(config);
  const tokens = createTokens({ signingKeys: config.TOKEN_SIGNING_KEY, issuer: 'everhook' });
  const issued: string[] = [];
  for (let made = 0; made < tenantCount; made += 1) {
    const tenant = await stores.tenants.createTenant('bench');
    const client = { tenantId: tenant.id, name: 'bench', scopes };
    const { id: clientId } = await stores.tenants.createClient({
      ...client,
      secretDigest: hashClientSecret(newClientSecret()),
    });
    for (let number = 0; number < webhooksEach; number += 1) {
      await stores.webhooks.create(
        {
          tenantId: tenant.id,
          contract: 'everhook',
          targetUrl: 'https://receiver.example/hook',
          events: ['everhook.test'],
          disabled: false,
          auth: { type: 'noauth' },
          headers: {},
          timeoutMs: 3_000,
          maxRetries: 3,
          signingSecret: newSigningSecret(),
        },
        {
          tenantId: tenant.id,
          actor: 'bench',
          action: 'webhook.create',
          objectType: 'webhook',
          fields: [],
          address: null,
          requestId: null,
          outcome: 'success',
        },
      );
    }
    issued.push((await tokens.issue({ tenantId: tenant.id, clientId, scopes: [...scopes] })).accessToken);
  }

  const nobody = () => Promise.reject(new Error('there is no Temporal'));
  const aws = createAws({ endpoint: null, region: null });
  const registry = new Registry();
  const app = createApi({
    ...stores,
    config,
    log,
    tracing: noTracing,
    tokens,
    registry,
    starter: noStarts,
    codec: createPayloadCodec({ keyring: stores.keyring, namespace: 'bench', encrypt: true, log }),
    refusals: createRefusalLog({ audit: stores.audit, log }),
    runs: { start: nobody, state: nobody, ask: nobody },
    connectionTests: { run: nobody },
    consentRuns: { start: nobody, act: nobody, nudge: nobody },
    consentStarter: { start: () => {}, close: () => Promise.resolve() },
    credentialRuns: { perform: nobody, nudge: nobody, tell: nobody },
    credentialSecrets: createCredentialSecrets(aws),
    awsProbes: createAwsProbes(aws),
    consoleFiles: null,
    readiness: () => Promise.resolve({ postgresql: true, temporal: true }),
    workersPoll: () => Promise.resolve(true),
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, maxConnections: 1_000, log, registry });

  process.on('message', (question: string) => {
    if (question === 'cpu') process.send?.({ cpu: process.cpuUsage() });
    else
      void server
        .close()
        .then(() => stores.close())
        .then(() => process.exit(0));
  });
  process.send?.({ port: server.port, tokens: issued });
}

const [databaseUrl = '', tenantCount, webhooksEach] = process.argv.slice(2);
void run(databaseUrl, Number(tenantCount), Number(webhooksEach));
