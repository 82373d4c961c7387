import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { Worker } from '@temporalio/worker';
import * as workflows from '../../src/workflows';
import { burstCases } from './burst-cases';
import { connectionTestCases } from './connection-test-cases';
import { consentCases } from './consent-cases';
import { credentialCases } from './credential-cases';
import { retentionCases } from './retention-cases';
import { awsSweepCases, sweepCases } from './sweep-cases';
import { createDataConverter } from '../../src/platform/data-converter';
import { encryptedCases, recordedDataConverter } from './encryption';
import { codecOf, newEncryptionKey } from '../support/codec';
import { rawHistory } from '../support/raw-history';
import { quietTemporal, workflowBundlePath } from '../support/temporal';

const histories = path.join(__dirname, 'histories');

/** Every recorded run, by workflow type (the folder) and case (the file). */
const recorded = readdirSync(histories).flatMap((type) =>
  readdirSync(path.join(histories, type)).map((file) => ({ type, name: path.basename(file, '.json') })),
);

const read = (...file: string[]) => historyFromJSON(JSON.parse(readFileSync(path.join(__dirname, ...file), 'utf8')));
const load = (type: string, name: string) => read('histories', type, `${name}.json`);

/** As production has it: with a codec, which passes by what was recorded without one. */
const replayed = (history: ReturnType<typeof historyFromJSON>, workflowId: string, by = recordedDataConverter()) =>
  Worker.runReplayHistory(
    { workflowBundle: { codePath: workflowBundlePath() }, dataConverter: by },
    history,
    workflowId,
  );

describe('recorded histories', () => {
  beforeAll(quietTemporal);

  it.each(recorded)('of $type: $name replays with the code of today', async ({ type, name }) => {
    await expect(replayed(load(type, name), `recorded/${name}`)).resolves.toBeUndefined();
  });

  it.each(encryptedCases)('of %s, encrypted, replays like the one in the clear', async (name) => {
    const history = read('encrypted', `${name}.json`);
    const { plainPayloads, encryptedPayloads } = rawHistory(history);
    expect(encryptedPayloads.length).toBeGreaterThan(3);
    expect(plainPayloads.filter((where) => !/searchAttributes|details\.data\.payloads$/.test(where))).toEqual([]);
    await expect(replayed(history, `recorded/${path.basename(name)}`)).resolves.toBeUndefined();
  });

  it('under a key that is gone fail their task, not the workflow, and name it', async () => {
    const failed = Worker.runReplayHistory(
      {
        workflowBundle: { codePath: workflowBundlePath() },
        dataConverter: createDataConverter(codecOf(newEncryptionKey())),
      },
      read('encrypted', 'delivery', 'failed.json'),
      'recorded/failed',
    );
    await expect(failed).rejects.toThrow(/no encryption key recorded/);
  });

  it('do not replay when the code does something else than was recorded', async () => {
    const history = load('delivery', 'recovered-on-third-attempt');
    const timer = history.events?.find((event) => event.timerStartedEventAttributes);
    expect(timer).toBeDefined();
    // As if the recorded version had made an attempt where this one waits.
    const attempt = history.events?.find((event) => event.activityTaskScheduledEventAttributes);
    if (!timer || !attempt) throw new Error('the history is not as this test needs it');
    timer.timerStartedEventAttributes = null;
    timer.eventType = attempt.eventType;
    timer.activityTaskScheduledEventAttributes = attempt.activityTaskScheduledEventAttributes;
    await expect(replayed(history, 'recorded/altered')).rejects.toThrow(/nondeterminism|Nondeterminism|determin/i);
  });

  it('are there of every workflow that a worker runs, and of no other', () => {
    expect([...new Set(recorded.map(({ type }) => type))].sort()).toEqual(Object.keys(workflows).sort());
    for (const { type, name } of recorded) {
      const [started] = load(type, name).events ?? [];
      expect(started?.workflowExecutionStartedEventAttributes?.workflowType?.name).toBe(type);
    }
  });

  it.each([
    { type: 'consent', cases: consentCases },
    { type: 'credential', cases: credentialCases },
    { type: 'burst', cases: burstCases },
    { type: 'retention', cases: retentionCases },
    { type: 'sweep', cases: sweepCases },
    { type: 'awsSweep', cases: awsSweepCases },
    { type: 'connectionTest', cases: connectionTestCases },
  ])('has a case for each way a run of $type can go', ({ type, cases }) => {
    const names = recorded.filter((one) => one.type === type).map(({ name }) => name);
    expect(names.sort()).toEqual(Object.keys(cases).sort());
  });

  it('has a case for each way a delivery can end', () => {
    expect(recorded.filter(({ type }) => type === 'delivery').length).toBeGreaterThanOrEqual(11);
  });
});
