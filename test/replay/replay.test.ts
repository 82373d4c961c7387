import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { Worker } from '@temporalio/worker';
import { consentCases } from './consent-cases';
import { credentialCases } from './credential-cases';
import { quietTemporal, workflowBundlePath } from '../support/temporal';

const histories = path.join(__dirname, 'histories');

/** Every recorded run, by workflow type (the folder) and case (the file). */
const recorded = readdirSync(histories).flatMap((type) =>
  readdirSync(path.join(histories, type)).map((file) => ({ type, name: path.basename(file, '.json') })),
);

const load = (type: string, name: string) =>
  historyFromJSON(JSON.parse(readFileSync(path.join(histories, type, `${name}.json`), 'utf8')));

const replayed = (history: ReturnType<typeof historyFromJSON>, workflowId: string) =>
  Worker.runReplayHistory({ workflowBundle: { codePath: workflowBundlePath() } }, history, workflowId);

describe('recorded histories', () => {
  beforeAll(quietTemporal);

  it.each(recorded)('of $type: $name replays with the code of today', async ({ type, name }) => {
    await expect(replayed(load(type, name), `recorded/${name}`)).resolves.toBeUndefined();
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

  it('has a case for each way a delivery can end', () => {
    expect(recorded.filter(({ type }) => type === 'delivery').length).toBeGreaterThanOrEqual(11);
  });
});
