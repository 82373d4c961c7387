import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Log } from '../../scripts/local-stack/log';
import { commandLine } from '../installation';
import { rounded } from '../statistics';
import type { Teardown } from '../teardown';
import { accountOf, comesToRest, type Account } from './account';
import { watchBacklog } from './backlog';
import { keysInAws, portalProblems, startAws, startPortal } from './credentials';
import { killAtRandom, type Victim } from './kills';
import { startLoad } from './load';
import { watchMemory, type MemoryTrend } from './memory';
import { startProcess, type SoakProcess } from './processes';
import { seeded } from './random';
import { startReceivers } from './receivers';
import { measureSaturation } from './saturation';
import { startServices } from './services';
import { createSoakTenant } from './tenant';

export interface SoakOptions {
  seconds: number;
  seed: number;
  /** Events a second; null: half of what this machine carries, which is measured first. */
  perSecond: number | null;
  temporal: 'full' | 'dev';
  /** Whether a portal has API keys made and revoked, which needs a stand-in for AWS, and so Python. */
  credentials: boolean;
  /** Between two kills, in seconds. */
  pause: { least: number; most: number };
}

export interface SoakResult extends Account {
  seed: number;
  seconds: number;
  /** Events a second, each with three deliveries. */
  perSecond: number;
  saturationPerSecond: number | null;
  killed: Record<Victim, number>;
  /** Answers other than those wanted, and how many; `none`: the connection broke. */
  refused: Record<string, number>;
  misdeeds: Record<string, number>;
  consentActions: number;
  /** Of the portal. */
  apiKeys: { made: number; revoked: number; refused: Record<string, number> } | null;
  /** Deliveries pending at once, of which some were always in backoff. */
  mostPending: number;
  /** Until the last delivery and consent had ended, after the load had. */
  restSeconds: number;
  memory: Record<string, MemoryTrend>;
}

const tenantCount = 3;
const saturationMs = 30_000;
const restMs = 600_000;

/** Everhook under load, at receivers that misbehave, with every part of it killed again and again. */
export async function soak(
  options: SoakOptions,
  { log, teardown, signal }: { log: Log; teardown: Teardown; signal: AbortSignal },
): Promise<SoakResult> {
  const random = seeded(options.seed);
  const services = await startServices(options.temporal, { log, teardown });
  const receivers = await startReceivers(random.fork());
  teardown.add(() => receivers.close());
  const aws = options.credentials ? await startAws({ log, teardown }) : null;
  const env = { ...environment(services, receivers.origins), ...aws?.env };
  await promisify(execFile)(process.execPath, [commandLine, 'migrate'], { env });
  const places = [
    { name: 'api', role: 'api' },
    { name: 'api, killed', role: 'api' },
    { name: 'worker', role: 'worker' },
    { name: 'worker, killed', role: 'worker' },
  ] as const;
  const processes = await Promise.all(places.map((place) => startProcess(place, env, teardown)));
  const apiUrl = byTurns(processes.filter(({ role }) => role === 'api').map(({ url }) => url));
  const tenants = [];
  for (let number = 0; number < tenantCount; number += 1) {
    tenants.push(await createSoakTenant(number, { env, apiUrl, receivers }));
  }
  const [first] = tenants;
  if (!first) throw new Error('there are no tenants');

  const measured =
    options.perSecond === null ? await measureSaturation(tenants, services.databaseUrl, saturationMs) : null;
  const perSecond = options.perSecond ?? Math.max(1, Math.floor((measured?.perSecond ?? 0) / 2));
  if (measured) log(`carries ${measured.perSecond.toFixed(1)} events a second to the end`);
  log(`${perSecond} events a second for ${options.seconds} s, seed ${options.seed}`);

  const memory = watchMemory(pidsOf(processes));
  teardown.add(async () => memory.stop());
  const backlog = watchBacklog(services.databaseUrl, log);
  teardown.add(async () => backlog.stop());
  const load = startLoad({ tenants, perSecond, random: random.fork() });
  teardown.add(() => load.stop());
  const portal = aws && (await startPortal(aws, { tenant: first, env, apiUrl, random: random.fork() }));
  if (portal) teardown.add(() => portal.stop());
  const killed = await killAtRandom({
    processes: processes.filter(({ name }) => name.endsWith('killed')),
    services,
    pauseMs: { least: options.pause.least * 1_000, most: options.pause.most * 1_000 },
    // Time to end in peace, so that what comes after the last kill is seen as well.
    untilMs: options.seconds * 900,
    random: random.fork(),
    signal,
    log,
  });
  await sleep(options.seconds * 100, undefined, { signal });
  const [apiKeys] = await Promise.all([portal?.stop(), load.stop()]);
  const trends = memory.stop();
  const mostPending = backlog.stop();
  log('no more load; waiting until all has come to rest');

  const restFrom = performance.now();
  const rests = await comesToRest(services.databaseUrl, restMs);
  const restSeconds = rounded((performance.now() - restFrom) / 1_000, 1);
  const accepted = new Map(
    [...load.accepted].map(([number, ids]) => [number, [...ids, ...(measured?.accepted.get(number) ?? [])]]),
  );
  const account = await accountOf({ databaseUrl: services.databaseUrl, tenants, load: { accepted }, receivers });
  return {
    seed: options.seed,
    seconds: options.seconds,
    perSecond,
    saturationPerSecond: measured && rounded(measured.perSecond, 1),
    killed,
    refused: { ...load.refused },
    misdeeds: { ...receivers.misdeeds },
    consentActions: load.consents.actions,
    apiKeys: apiKeys ? { made: apiKeys.made.length, revoked: apiKeys.revoked.length, refused: apiKeys.refused } : null,
    mostPending,
    restSeconds,
    memory: trends,
    ...account,
    problems: [
      ...account.problems,
      ...(apiKeys && aws ? portalProblems(apiKeys, await keysInAws(aws)) : []),
      ...(rests ? [] : [`not at rest ${restMs / 1_000} s after the load`]),
      ...Object.entries(trends)
        .filter(([, { flat }]) => flat === false)
        .map(([name, { growthMiB }]) => `memory of the ${name} grew by ${growthMiB} MiB`),
    ],
  };
}

function environment(
  { databaseUrl, temporalAddress }: { databaseUrl: string; temporalAddress: string },
  origins: readonly string[],
): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    HOST: '127.0.0.1',
    LOG_LEVEL: 'warn',
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_TASK_QUEUE: 'soak',
    ENCRYPTION_KEYS: `soak:${randomBytes(32).toString('base64')}`,
    TOKEN_SIGNING_KEY: randomBytes(32).toString('base64'),
    EGRESS_ALLOW: origins.join(','),
    RETRY_BASE: '1s',
    SWEEP_INTERVAL: '2s',
    CONSENT_DECISION_TIMEOUT: '10s',
    CONSENT_CONSUMPTION_TIMEOUT: '10s',
    RATE_LIMIT_EVENTS: '1000000/s',
    RATE_LIMIT_WRITES: '100000/s',
  };
}

/** Those that are never killed: a process that begins anew tells nothing of what grows. */
function pidsOf(processes: readonly SoakProcess[]): Map<string, () => number | null> {
  const lasting = processes.filter(({ name }) => !name.endsWith('killed'));
  return new Map(lasting.map((one) => [one.name, () => one.pid()]));
}

function byTurns(urls: readonly string[]): () => string {
  let turn = 0;
  return () => urls[(turn += 1) % urls.length] ?? '';
}
