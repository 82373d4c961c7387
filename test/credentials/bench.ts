import { WorkflowNotFoundError } from '@temporalio/client';
import { appKeyOf } from '../../src/domain/credential/app';
import { credentialWorkflowId } from '../../src/domain/credential-run';
import { startFaultProxy, type Fault, type FaultProxy } from '../support/aws/fault-proxy';
import type { CredentialCaller, Heard } from '../support/credential-caller';
import { openCredentialEngine, type CredentialEngine } from '../support/credential-engine';
import type { Cloud, Place } from './clouds';
import { ask, expectHoldings, expectRecord, requestOf, wantedAfter, type Saga } from './sagas';

/** What a test of a fault works with. */
export interface Bench {
  /** Its own callers wait for what takes its time on a busy machine, and meet no fault. */
  engine: CredentialEngine;
  /** Who asks for what meets a fault; the engine's own callers unless told. */
  caller?: CredentialCaller;
  cloud: Cloud;
  proxy: FaultProxy;
}

/** Long enough for a busy machine: only what is about deadlines has a short one. */
const patienceMs = 120_000;

/** With workers, unless `workers` is false. */
export async function openBench<C extends Cloud>(
  openCloud: () => C | Promise<C>,
  { workers = true, awsWorkers = 2 }: { workers?: boolean; awsWorkers?: number } = {},
): Promise<Bench & { cloud: C }> {
  standInCredentials();
  const cloud = await openCloud();
  const proxy = await startFaultProxy(cloud.answer);
  const endpoint = proxy.url;
  const engine = await openCredentialEngine({ endpoint, deadlineMs: patienceMs, ratePerSecond: 1_000, awsWorkers });
  if (workers) await engine.startWorkers();
  return { cloud, proxy, engine };
}

export async function closeBench({ engine, proxy, cloud }: Bench): Promise<void> {
  await engine.close();
  await proxy.stop();
  await cloud.stop();
}

/** So many places, none of which knows of the others. */
export function placesOf({ cloud }: Bench, count: number): Promise<Place[]> {
  return Promise.all(Array.from({ length: count }, (_, number) => cloud.prepare(`eu-lane-${number}`)));
}

/** Stand-ins take any; the SDK wants some. */
function standInCredentials(): void {
  process.env.AWS_ACCESS_KEY_ID = 'stand-in';
  process.env.AWS_SECRET_ACCESS_KEY = 'stand-in';
}

/** What came of a saga that met a fault. */
export type Ending = 'done' | 'undone' | 'done later' | 'repaired';

/** As often as a step is tried that AWS denies. */
const triesWhenDenied = 3;

export const sweeper = (tenantId: string) => ({
  tenantId,
  actor: 'sweeper',
  action: 'credential.repair',
  objectType: 'credential',
  fields: [],
  address: null,
  requestId: null,
  outcome: 'success' as const,
});

type App = Parameters<typeof appKeyOf>[0];

/** Resolves when nothing of the app is going on any more. */
export async function settled({ engine }: Bench, app: App): Promise<void> {
  const workflowId = credentialWorkflowId({ tenantId: engine.tenantId, appKey: appKeyOf(app) });
  try {
    await engine.client.workflow.getHandle(workflowId).result();
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
}

/** What an operator does, or the sweeper, for what could not be undone. */
async function repaired(bench: Bench, app: App & { appSlug: string | null }): Promise<boolean> {
  const { credentials } = bench.engine.stores;
  const { tenantId } = bench.engine;
  const found = app.appSlug === null ? null : await credentials.findBy(tenantId, { appSlug: app.appSlug });
  if (found?.status !== 'compensation_failed') return false;
  const accepted = await credentials.acceptRepair(tenantId, found.id, sweeper(tenantId));
  if (accepted.kind !== 'accepted') throw new Error(`a repair is ${accepted.kind}`);
  await bench.engine.runs.nudge(accepted.operation);
  await settled(bench, app);
  return true;
}

/**
 * A saga that meets a fault, and all that must hold afterwards. The place is left as it was found.
 *
 * A fault that lasts for its operation lasts until the caller has its answer and three calls have met it, or until all
 * has come to rest; one that AWS denies always does. One that lasts for all operations is lifted by who asked for it.
 *
 * @throws also when a fault was never applied
 */
export async function struck(
  bench: Bench,
  options: {
    saga: Saga;
    place: Place;
    fault?: Fault;
    /** Called each time the fault is applied. */
    onStrike?: () => void;
    /** The caller of a creation is gone then. */
    hangUp?: Promise<void>;
  },
): Promise<{ ending: Ending; heard: Heard; calls: readonly string[] }> {
  const { saga, place, fault, onStrike, hangUp } = options;
  const { engine, caller = engine, proxy, cloud } = bench;
  const { region } = place;
  const loggedBefore = engine.logged.length;
  const request = requestOf(engine, saga, place);
  proxy.begin(region, []);
  const made = saga.kind === 'create' ? null : await engine.make(request);

  let enough = () => {};
  const struckEnough = new Promise<void>((resolve) => (enough = resolve));
  const faults = [saga.doomed, fault].filter((one) => one !== undefined);
  proxy.begin(region, faults, ({ fault: met, times }) => {
    if (met !== fault) return;
    onStrike?.();
    if (times >= triesWhenDenied && met.kind !== 'denied') enough();
  });
  const heard = await ask(caller, saga, { place, request, made, hangUp });
  if (fault?.lasting === 'operation') {
    await Promise.race([struckEnough, settled(bench, request)]);
    proxy.lift(region);
  }
  await settled(bench, request);
  const calls = [...proxy.calls(region)];
  expect(proxy.strikes(region).filter(({ times }) => times === 0)).toEqual([]);
  proxy.lift(region);
  const repair = await repaired(bench, request);

  const succeeded = heard.kind === 'created' || heard.kind === 'done';
  const held = heard.kind === 'created' ? heard : (made ?? undefined);
  const wanted = wantedAfter(saga, succeeded);
  const holdings = await cloud.holdings(place);
  expectHoldings(holdings, wanted, saga, held);
  await expectRecord(engine, { saga, place, request, wanted, held });
  if (held) expect(engine.logged.slice(loggedBefore).some((line) => line.includes(held.secret))).toBe(false);

  await cloud.clear(place, holdings);
  if (repair) return { ending: 'repaired', heard, calls };
  if (succeeded) return { ending: 'done', heard, calls };
  return { ending: saga.kind === 'revoke' ? 'done later' : 'undone', heard, calls };
}

/** A call of a saga, by its operation and its number among those. */
export interface Call {
  saga: Saga;
  operation: string;
  nth: number;
}

/** The calls of a saga that meets no fault; of one that is doomed those that undo it. */
export async function callsOf(bench: Bench, place: Place, saga: Saga): Promise<Call[]> {
  const { calls } = await struck(bench, { saga, place });
  const doomedAt = saga.doomed ? calls.indexOf(saga.doomed.operation) : -1;
  return calls
    .map((operation, index) => ({
      saga,
      operation,
      index,
      nth: calls.slice(0, index + 1).filter((one) => one === operation).length,
    }))
    .filter(({ index }) => index > doomedAt);
}
