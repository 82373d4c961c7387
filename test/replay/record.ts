/**
 * Records the histories that test/replay replays: run it after adding a case, never to make a failing replay pass.
 * A history is evidence of what workflow code of some version did; new code must still be able to continue it.
 *
 * Usage: npm run record-histories -- TYPE/NAME, encrypted/TYPE/NAME, or the beginning of one
 * (needs a Temporal at TEMPORAL_ADDRESS)
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Client, type WorkflowHandle } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { NativeConnection, Worker } from '@temporalio/worker';
import type { AttemptOutcome, AttemptRecord } from '../../src/domain/delivery';
import type { AttemptReport, DeliveryActivities, DeliveryRunInput } from '../../src/domain/delivery-run';
import { burstCases, runBurstCase } from './burst-cases';
import { connectionTestCases, runConnectionTestCase } from './connection-test-cases';
import { consentCases, runConsentCase } from './consent-cases';
import { credentialCases, runCredentialCase } from './credential-cases';
import { retentionCases, runRetentionCase } from './retention-cases';
import { awsSweepCases, runSweepCase, sweepCases } from './sweep-cases';
import { encryptedCases, recordedDataConverter } from './encryption';

interface Case {
  answers: (AttemptOutcome | AttemptReport | Error)[];
  input?: Partial<DeliveryRunInput>;
  whileWaiting?(handle: WorkflowHandle): Promise<unknown>;
}

const refused: AttemptOutcome = { kind: 'refused', errorClass: 'http_status', statusCode: 503 };
const postponed: AttemptOutcome = { kind: 'postponed', ms: 30 };
const delivered: AttemptOutcome = { kind: 'delivered' };
const record: AttemptRecord = {
  number: 1,
  startedAt: '2026-01-15T09:30:00.000Z',
  durationMs: 20,
  statusCode: 200,
  errorClass: null,
  responseBody: 'ok',
};
const cases: Record<string, Case> = {
  'delivered-at-once': { answers: [delivered] },
  'recovered-on-third-attempt': { answers: [refused, { ...refused, retryAfterMs: 50 }, delivered] },
  failed: { answers: [refused] },
  postponed: { answers: [postponed, postponed, refused, postponed, delivered] },
  'cancelled-by-update': {
    answers: [refused],
    input: { retrySchedule: [60_000] },
    whileWaiting: (handle) => handle.executeUpdate('cancel'),
  },
  'cancelled-by-operator': {
    answers: [refused],
    input: { retrySchedule: [60_000] },
    whileWaiting: (handle) => handle.cancel(),
  },
  'hurried-by-update': {
    answers: [refused, delivered],
    input: { retrySchedule: [60_000] },
    whileWaiting: (handle) => handle.executeUpdate('retryNow'),
  },
  'webhook-disabled-meanwhile': {
    answers: [refused, { kind: 'cancelled', reason: 'the webhook is disabled or deleted' }],
  },
  'first-attempt-troubled': { answers: [new Error('the database is unavailable'), delivered] },
  'recorded-later': { answers: [{ outcome: delivered, unrecorded: record }] },
  'normal-activities-throughout': { answers: [refused, delivered], input: { maxAttemptMs: 60_000 } },
  'without-search-attributes': { answers: [refused], input: { searchAttributes: false } },
};

async function recordCase(connection: NativeConnection, name: string, one: Case, dataConverter?: DataConverter) {
  const taskQueue = `record-${name}-${Date.now()}`;
  let calls = 0;
  const activities: DeliveryActivities = {
    attemptDelivery() {
      const answer = one.answers[Math.min(calls, one.answers.length - 1)];
      calls += 1;
      if (answer === undefined || answer instanceof Error) return Promise.reject(answer ?? new Error('no answer'));
      return Promise.resolve('outcome' in answer ? answer : { outcome: answer });
    },
    recordAttempt: () => Promise.resolve(),
    settleCancelled: () => Promise.resolve(),
  };
  const worker = await Worker.create({
    connection,
    taskQueue,
    workflowsPath: require.resolve('../../src/workflows'),
    activities,
    dataConverter,
  });
  const client = new Client({ connection, dataConverter });
  return worker.runUntil(async () => {
    const input: DeliveryRunInput = {
      tenantId: '019a0000-0000-7000-8000-000000000001',
      deliveryId: '019a0000-0000-7000-8000-000000000002',
      retrySchedule: [20, 40, 80],
      maxAttemptMs: 3_000,
      searchAttributes: true,
      ...one.input,
    };
    const handle = await client.workflow.start('delivery', {
      taskQueue,
      workflowId: `recorded/${name}`,
      args: [input],
    });
    if (one.whileWaiting) {
      while ((await timersOf(handle)) === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      await one.whileWaiting(handle);
    }
    await handle.result().catch(() => {});
    return handle.fetchHistory();
  });
}

async function timersOf(handle: WorkflowHandle): Promise<number> {
  const { events } = await handle.fetchHistory();
  return events?.filter((event) => event.timerStartedEventAttributes).length ?? 0;
}

async function main(): Promise<void> {
  const only = process.argv[2];
  const address = process.env.TEMPORAL_ADDRESS;
  if (!address) throw new Error('TEMPORAL_ADDRESS is not set; start one with: node dist/scripts/stack.js');
  const connection = await NativeConnection.connect({ address });
  const plain = [
    ...Object.entries(cases).map(([name, one]) => ({
      name: `delivery/${name}`,
      run: (by?: DataConverter) => recordCase(connection, name, one, by),
    })),
    ...Object.entries(consentCases).map(([name, one]) => ({
      name: `consent/${name}`,
      run: (by?: DataConverter) => runConsentCase(connection, name, one, by),
    })),
    ...Object.entries(credentialCases).map(([name, one]) => ({
      name: `credential/${name}`,
      run: (by?: DataConverter) => runCredentialCase(connection, name, one, by),
    })),
    ...Object.entries(burstCases).map(([name, one]) => ({
      name: `burst/${name}`,
      run: (by?: DataConverter) => runBurstCase(connection, name, one, by),
    })),
    ...Object.entries(retentionCases).map(([name, one]) => ({
      name: `retention/${name}`,
      run: (by?: DataConverter) => runRetentionCase(connection, name, one, by),
    })),
    ...Object.entries(sweepCases).map(([name, one]) => ({
      name: `sweep/${name}`,
      run: (by?: DataConverter) => runSweepCase(connection, { type: 'sweep', name }, one, by),
    })),
    ...Object.entries(awsSweepCases).map(([name, one]) => ({
      name: `awsSweep/${name}`,
      run: (by?: DataConverter) => runSweepCase(connection, { type: 'awsSweep', name }, one, by),
    })),
    ...Object.entries(connectionTestCases).map(([name, one]) => ({
      name: `connectionTest/${name}`,
      run: (by?: DataConverter) => runConnectionTestCase(connection, name, one, by),
    })),
  ];
  const encrypted = plain
    .filter(({ name }) => encryptedCases.includes(name))
    .map(({ name, run }) => ({ name: `encrypted/${name}`, run: () => run(recordedDataConverter()) }));
  const recorders = [...plain, ...encrypted];
  try {
    for (const { name, run } of recorders) {
      if (only !== undefined && !name.startsWith(only)) continue;
      const directory = name.startsWith('encrypted/') ? __dirname : path.join(__dirname, 'histories');
      const file = path.join(directory, `${name}.json`);
      mkdirSync(path.dirname(file), { recursive: true });
      // Stack traces name the folder of whoever recorded.
      const history = historyToJSON(await run()).replaceAll(path.resolve(__dirname, '..', '..'), '/everhook');
      writeFileSync(file, `${history}\n`);
      console.log(`recorded ${name}`);
    }
  } finally {
    await connection.close();
  }
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
