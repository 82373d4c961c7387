import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { Worker } from '@temporalio/worker';
import { consentCases } from './consent-cases';
import { credentialCases } from './credential-cases';
import { retentionCases } from './retention-cases';
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

  it('has a case for each way a consent can end, and for what can happen to its run', () => {
    const names = recorded.filter(({ type }) => type === 'consent').map(({ name }) => name);
    expect(names.sort()).toEqual(Object.keys(consentCases).sort());
  });

  it('has a case for each operation on credentials, there and back', () => {
    const names = recorded.filter(({ type }) => type === 'credential').map(({ name }) => name);
    expect(names.sort()).toEqual(Object.keys(credentialCases).sort());
  });

  it('has a case for a run of retention that removes, and for one with trouble', () => {
    const names = recorded.filter(({ type }) => type === 'retention').map(({ name }) => name);
    expect(names.sort()).toEqual(Object.keys(retentionCases).sort());
  });

  it('has a case for each way a delivery can end', () => {
    expect(recorded.filter(({ type }) => type === 'delivery').length).toBeGreaterThanOrEqual(11);
  });
});
