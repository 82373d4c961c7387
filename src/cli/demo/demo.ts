import { closeSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../../scripts/local-stack/log';
import type { Config } from '../../platform/config';
import { createLogger } from '../../platform/logging';
import type { TemporalConnection } from '../../platform/temporal-profile';
import { migrateToLatest } from '../../store/database';
import { scopes } from '../../store/tenants';
import { createApiClient, type ApiClient } from '../api-client';
import type { PublishedDocument } from '../api-documents';
import { makeConsoleLink } from '../console-link';
import { CommandFailure } from '../failure';
import { createTenant } from '../new-client';
import { withDatabase } from '../operator-database';
import type { StopSignal } from '../stop-signal';
import type { DemoAws } from './aws';
import { makeConsents, type ConsentIds } from './consents';
import { publishToEach, registerEach, startEach, type Contracts } from './contracts';
import type { CredentialsPart } from './credentials';
import { askForCredentials, configurePortal, type PortalAccount } from './portal';
import type { DemoReceiver } from './receivers';
import { publishEvents, registerWebhooks, startActors, type Actors, type WebhookIds } from './scenario';
import { demoDirectory, startDemoStack } from './stack';
import type { Teardown } from './teardown';

/** A running demo whose events are published. */
export interface Demo {
  config: Config;
  temporal: TemporalConnection;
  api: ApiClient;
  apiUrl: string;
  metricsUrl: string;
  /** Signs a browser in at the console, once. */
  consoleUrl: string;
  logFile: string;
  client: { id: string; secret: string };
  actors: Actors;
  webhookIds: WebhookIds;
  published: PublishedDocument[];
  repeated: PublishedDocument;
  contracts: Contracts;
  consents: { receiver: DemoReceiver; webhookId: string; ids: ConsentIds };
  /** A text where there is no AWS: why, and what would provide it. */
  credentials: CredentialsPart | string;
  /** Rejects when API or worker die. */
  failed: Promise<never>;
}

/** A signal came while the demo was starting. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/** Starts everything, makes a tenant with its webhooks, and publishes. What it started is in `teardown`, also when it throws. */
export async function startDemo(options: {
  once: boolean;
  env: NodeJS.ProcessEnv;
  stop: StopSignal;
  teardown: Teardown;
  log: Log;
}): Promise<Demo> {
  const { once, env, stop, teardown, log } = options;
  /** Between two steps: what was started by then is known to the teardown. */
  const proceed = () => {
    if (stop.received()) throw new Interrupted();
  };

  const actors = await startActors((receiver) => teardown.add(receiver.close));
  const ofContracts = await startEach((receiver) => teardown.add(receiver.close));
  const directory = await demoDirectory(env);
  const receivers = [...Object.values(actors), ...Object.values(ofContracts)].map(({ origin }) => origin);
  const { config, temporal, aws } = await startDemoStack({ directory, once, receivers, env, teardown, log });
  proceed();

  const applied = await migrateToLatest(config.DATABASE_URL);
  log(`Database: ${applied.length === 0 ? 'up to date' : `${applied.length} migrations applied`}`);
  proceed();

  const logFile = path.join(directory, once ? 'once.log' : 'demo.log');
  const { startService } = await import('../../runtime.js');
  const serviceLog = fileLogger(config, logFile, teardown);
  const service = await startService(config, { api: true, worker: true, log: serviceLog, temporal });
  teardown.add(() => service.stop());
  proceed();
  const apiUrl = `http://127.0.0.1:${service.apiPort}`;
  const metricsUrl = `http://127.0.0.1:${service.metricsPort}`;
  await Promise.race([untilReady([`${apiUrl}/readyz`, `${metricsUrl}/readyz`], proceed), service.failed]);
  log(`Everhook: API and worker run, log in ${logFile}`);

  const { client, account, consoleUrl } = await makeTenant(config, apiUrl);
  const credentials = typeof aws === 'string' ? aws : beginCredentials({ apiUrl, account, aws });
  if (typeof credentials === 'string') log(`Credentials: left out of the demo, there is no AWS: ${credentials}`);
  else log('Credentials: a portal asks for three; AWS denies one of them a usage plan');
  const api = createApiClient(apiUrl, { clientId: client.id, clientSecret: client.secret });
  const webhookIds = await registerWebhooks(api, actors);
  log('Webhooks: healthy and dead by the sovrin contract, flaky and disabled by the native one');
  const { published, repeated } = await publishEvents(api);
  log(`Events: ${published.length} published, and one of them once more`);
  proceed();
  const contracts = await registerEach(api, apiUrl, ofContracts);
  await publishToEach(api, contracts);
  log('Contracts: a webhook of each, and an event for it');
  const ids = await makeConsents(api);
  log('Consents: one of each fate; the webhook of the Celcoin contract is told of them');
  proceed();
  return {
    config,
    temporal,
    api,
    apiUrl,
    metricsUrl,
    consoleUrl,
    logFile,
    client,
    actors,
    webhookIds,
    published,
    repeated,
    contracts,
    consents: { receiver: contracts.receivers.celcoin, webhookId: contracts.webhookIds.celcoin, ids },
    credentials,
    failed: service.failed,
  };
}

/** A tenant with its client and its portal, and a link to its console. */
function makeTenant(
  { DATABASE_URL }: Config,
  apiUrl: string,
): Promise<Pick<Demo, 'client' | 'consoleUrl'> & { account: PortalAccount }> {
  return withDatabase(DATABASE_URL, async (database) => {
    const { tenant, client, secret } = await createTenant(database, 'Demo');
    const account = await configurePortal(database, tenant.id);
    const lifetimeMs = 24 * 3_600_000;
    const { url } = await makeConsoleLink(database, { base: apiUrl, tenantId: tenant.id, scopes, lifetimeMs });
    return { client: { id: client.id, secret: secret.reveal() }, account, consoleUrl: url };
  });
}

/** The portal asks, and the demo goes on meanwhile. */
function beginCredentials(of: { apiUrl: string; account: PortalAccount; aws: DemoAws }): CredentialsPart {
  const calls = askForCredentials(of.apiUrl, of.account, of.aws);
  // It counts where the answers are shown.
  calls.catch(() => {});
  return { aws: of.aws, account: of.account, calls };
}

/** The terminal belongs to the table. */
function fileLogger(config: Config, file: string, teardown: Teardown) {
  const descriptor = openSync(file, 'w', 0o600);
  teardown.add(async () => closeSync(descriptor));
  const destination = { write: (line: string) => void writeSync(descriptor, line) };
  return createLogger({ level: config.LOG_LEVEL, role: 'demo', destination });
}

const readyWithinMs = 60_000;

async function untilReady(urls: string[], proceed: () => void): Promise<void> {
  const deadline = Date.now() + readyWithinMs;
  const answers = (url: string) =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await Promise.all(urls.map(answers))).every(Boolean)) {
    proceed();
    if (Date.now() > deadline) throw new CommandFailure(`Everhook was not ready within ${readyWithinMs / 1000} s`);
    await sleep(100);
  }
}
