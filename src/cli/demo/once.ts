import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../../scripts/local-stack/log';
import type { Client } from '@temporalio/client';
import type { ConsentDocument, DeliveryDocument } from '../api-documents';
import type { StopSignal } from '../stop-signal';
import { checkObserved, type Check } from './checks';
import { checkConsents } from './consent-checks';
import { changedConsents, fateNames, listConsents, renderConsentChange } from './consents';
import { checkContracts, renderReceived } from './contract-checks';
import { checkCredentials } from './credential-checks';
import {
  changedCredentials,
  listCredentials,
  renderCredentialChange,
  renderStory,
  untilCredentialsSettled,
} from './credentials';
import { changed, followDeliveries, webhookNames } from './deliveries';
import { Interrupted, type Demo } from './demo';
import { checkSchedules, observeSchedules } from './schedule-checks';
import { renderChange } from './table';

/** Far more than four attempts take; a machine may be busy. */
const settleWithinMs = 60_000;
const pollMs = 100;

/** Waits until nothing is pending and nothing can expire any more, then compares what happened with what must have happened. */
export async function runOnce(demo: Demo, stop: StopSignal, log: Log): Promise<Check[]> {
  const part = typeof demo.credentials === 'string' ? null : demo.credentials;
  const settled = Promise.all([untilSettled(demo, stop, log), part && untilCredentialsSettled(demo.api, part)]);
  const [{ deliveries, consents }, ofPortal] = await Promise.race([settled, demo.failed]);
  log(renderReceived(demo.contracts.receivers));
  if (ofPortal) log(renderStory(ofPortal));
  const toConsents = (one: DeliveryDocument) => one.webhookId === demo.consents.webhookId;
  const actors: readonly string[] = Object.values(demo.webhookIds);
  const ofConsents = consents.map(({ consentId: id, workflowId }) => ({ id, workflowId }));
  const begun = [...deliveries, ...ofConsents, ...(ofPortal?.credentials ?? [])];
  const { TEMPORAL_TASK_QUEUE: taskQueue } = demo.config;
  const [runs, scheduled] = await withTemporal(demo, (client) =>
    Promise.all([endedRuns(client, begun), observeSchedules(client, { taskQueue, withinMs: runEndsWithinMs })]),
  );
  const checks = checkObserved({
    webhookIds: demo.webhookIds,
    published: demo.published,
    repeated: demo.repeated,
    deliveries: deliveries.filter(({ webhookId }) => actors.includes(webhookId)),
    received: {
      healthy: demo.actors.healthy.requests,
      flaky: demo.actors.flaky.requests,
      dead: demo.actors.dead.requests,
      disabled: demo.actors.disabled.requests,
    },
    runs,
  });
  const { ids, receiver } = demo.consents;
  const observed = { ids, consents, deliveries: deliveries.filter(toConsents), received: receiver.requests, runs };
  const everhookLog = await readFile(demo.logFile, 'utf8');
  return [
    ...checks,
    ...checkContracts({ ...demo.contracts, deliveries }),
    ...checkConsents(observed),
    ...(part && ofPortal ? checkCredentials({ ...ofPortal, denials: part.aws.denials(), log: everhookLog, runs }) : []),
    ...checkSchedules(scheduled),
  ];
}

async function untilSettled(
  demo: Demo,
  stop: StopSignal,
  log: Log,
): Promise<{ deliveries: DeliveryDocument[]; consents: ConsentDocument[] }> {
  const feed = followDeliveries(demo.api);
  const nameOf = webhookNames({ ...demo.webhookIds, ...demo.contracts.webhookIds });
  const fateOf = fateNames(demo.consents.ids);
  const deadline = Date.now() + settleWithinMs;
  const seen = new Map<string, string>();
  const seenConsents = new Map<string, string>();
  const seenCredentials = new Map<string, string>();
  for (;;) {
    if (stop.received()) throw new Interrupted();
    // First the consents: with a consent's last change come its last deliveries.
    const consents = await listConsents(demo.api);
    for (const one of changedConsents(consents, seenConsents)) log(renderConsentChange(one, fateOf, new Date()));
    const credentials = await listCredentials(demo.api);
    for (const one of changedCredentials(credentials, seenCredentials)) log(renderCredentialChange(one, new Date()));
    const deliveries = await feed.poll();
    for (const delivery of changed(deliveries, seen)) log(renderChange(delivery, nameOf, new Date()));
    const open = deliveries.some(({ status }) => status === 'pending') || consents.some(({ expiresAt }) => expiresAt);
    if ((deliveries.length > 0 && !open) || Date.now() > deadline) return { deliveries, consents };
    await sleep(pollMs);
  }
}

const runEndsWithinMs = 30_000;

/** How each run ended; a run ends a moment after its delivery or consent. */
async function endedRuns(
  client: Client,
  things: readonly Pick<DeliveryDocument, 'id' | 'workflowId'>[],
): Promise<Map<string, string>> {
  const deadline = Date.now() + runEndsWithinMs;
  const stateOf = async (workflowId: string) => {
    for (;;) {
      const { status } = await client.workflow.getHandle(workflowId).describe();
      if (status.name !== 'RUNNING' || Date.now() > deadline) return status.name;
      await sleep(pollMs);
    }
  };
  return new Map(
    await Promise.all(
      things.map(async ({ id, workflowId }): Promise<[string, string]> => [
        id,
        workflowId ? await stateOf(workflowId).catch(() => 'unknown to Temporal') : 'without a workflow',
      ]),
    ),
  );
}

async function withTemporal<Result>(demo: Demo, use: (client: Client) => Promise<Result>): Promise<Result> {
  const { connectTemporal, createTemporalClient } = await import('../../platform/temporal.js');
  const connection = await connectTemporal(demo.config.TEMPORAL_ADDRESS, demo.temporal);
  try {
    return await use(createTemporalClient(connection, demo.config.TEMPORAL_NAMESPACE));
  } finally {
    await connection.close();
  }
}
