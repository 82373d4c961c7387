import { WorkflowNotFoundError } from '@temporalio/client';
import { appKeyOf } from '../../src/domain/credential/app';
import { credentialWorkflowId } from '../../src/domain/credential-run';
import type { Fault, FaultProxy } from '../support/aws/fault-proxy';
import type { CredentialEngine, Heard } from '../support/credential-engine';
import type { Cloud, Place } from './clouds';
import { ask, expectHoldings, requestOf, wantedAfter, type Saga } from './sagas';

/** What a test of a fault works with. */
export interface Bench {
  engine: CredentialEngine;
  cloud: Cloud;
  proxy: FaultProxy;
}

/** What came of a saga that met a fault. */
export type Ending = 'done' | 'undone' | 'done later' | 'repaired';

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
 * A saga that meets faults, and all that must hold afterwards. The place is left as it was found. Who gives `onStrike`
 * lifts the faults; `hangUp`: the caller of a creation is gone then.
 */
export async function struck(
  bench: Bench,
  options: { saga: Saga; place: Place; faults: Fault[]; onStrike?: () => void; hangUp?: Promise<void> },
): Promise<{ ending: Ending; heard: Heard; calls: readonly string[] }> {
  const { saga, place, faults, onStrike, hangUp } = options;
  const { engine, proxy, cloud } = bench;
  const { region } = place;
  const request = requestOf(engine, saga, place);
  proxy.begin(region, []);
  const made = saga.kind === 'create' ? null : await engine.create(request);
  if (made && made.kind !== 'created') throw new Error(`not prepared: ${JSON.stringify(made)}`);
  if (made) await settled(bench, request);

  proxy.begin(region, [...(saga.doomed ? [saga.doomed] : []), ...faults], onStrike);
  const heard = await ask(engine, saga, { place, request, made, hangUp });
  // Whoever waited was told: what is left over must come right once AWS does.
  if (!onStrike && faults.some(({ lasting }) => lasting)) proxy.lift(region);
  await settled(bench, request);
  const calls = [...proxy.calls(region)];
  proxy.lift(region);
  const repair = await repaired(bench, request);

  const succeeded = heard.kind === 'created' || heard.kind === 'done';
  const held = heard.kind === 'created' ? heard : (made ?? undefined);
  expectHoldings(await cloud.holdings(place), wantedAfter(saga, succeeded), saga, held);
  expectNoSecretTold(bench, held);

  if (held && saga.kind !== 'revoke') {
    const { awsId } = held;
    await engine.revoke(saga.credentialType === 'API_KEY' ? { apiKeyId: awsId } : { clientId: awsId });
    await settled(bench, request);
    expectHoldings(await cloud.holdings(place), null, saga);
  }
  if (repair) return { ending: 'repaired', heard, calls };
  if (succeeded) return { ending: 'done', heard, calls };
  return { ending: saga.kind === 'revoke' ? 'done later' : 'undone', heard, calls };
}

function expectNoSecretTold({ engine }: Bench, held: Extract<Heard, { kind: 'created' }> | undefined): void {
  if (held) expect(engine.logged.some((line) => line.includes(held.secret))).toBe(false);
}

/** Does the work of all of them, as many at a time as there are places. */
export async function inLanes<T>(
  places: readonly Place[],
  work: readonly T[],
  one: (task: T, place: Place) => Promise<void>,
): Promise<void> {
  const waiting = [...work];
  await Promise.all(
    places.map(async (place) => {
      for (let task = waiting.shift(); task; task = waiting.shift()) await one(task, place);
    }),
  );
}

/** The calls of a saga that meets no fault, each by its operation and its number among those. */
export async function callsOf(
  bench: Bench,
  place: Place,
  saga: Saga,
): Promise<{ saga: Saga; operation: string; nth: number }[]> {
  const { calls } = await struck(bench, { saga, place, faults: [] });
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
