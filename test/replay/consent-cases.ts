import { Client, type WorkflowHandle } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import { Worker, type NativeConnection } from '@temporalio/worker';
import type { ConsentStatus } from '../../src/domain/consent/machine';
import type { ConsentActivities, ConsentRunInput, SettledConsent } from '../../src/domain/consent-run';

/** A life of a consent's run: what settling comes to, one answer after the other, and what people do meanwhile. */
export interface ConsentCase {
  /** The last one repeats. An error is our own trouble. */
  answers: (SettledConsent | Error)[];
  input?: Partial<ConsentRunInput>;
  /** Each once the run waits for a deadline. */
  whileWaiting?: ((handle: WorkflowHandle) => Promise<unknown>)[];
}

const settled = (status: ConsentStatus, waitMs: number | null = null): SettledConsent => ({
  status,
  expiresAt: waitMs === null ? null : '2026-03-01T13:00:00.000Z',
  waitMs,
});
const long = 600_000;
const short = 300;
const act = (action: string) => (handle: WorkflowHandle) =>
  handle.executeUpdate(action, { args: [{ acceptedAt: '2026-03-01T12:30:00.000Z' }], updateId: action });
const awaiting = settled('AWAITING_AUTHORISATION', long);
const brief = settled('AWAITING_AUTHORISATION', short);

export const consentCases: Record<string, ConsentCase> = {
  expired: { answers: [brief, settled('EXPIRED')] },
  'approved-then-expired': {
    answers: [awaiting, settled('AUTHORISED', short), settled('EXPIRED')],
    whileWaiting: [act('approve')],
  },
  'rejected-then-consumed': {
    answers: [awaiting, settled('REJECTED', long), settled('CONSUMED')],
    whileWaiting: [act('reject'), act('consume')],
  },
  'revoked-while-awaiting': { answers: [awaiting, settled('REVOKED')], whileWaiting: [act('revoke')] },
  'several-updates-at-once': {
    answers: [awaiting, settled('AUTHORISED', short), settled('REVOKED')],
    whileWaiting: [(handle) => Promise.allSettled(['approve', 'consume', 'revoke'].map((name) => act(name)(handle)))],
  },
  'refused-update': {
    answers: [awaiting, settled('REJECTED', 2_000), settled('EXPIRED')],
    whileWaiting: [act('reject'), (handle) => act('approve')(handle).catch(() => {})],
  },
  'begun-again-after-consumption': { answers: [settled('REVOKED')] },
  'told-by-signal': {
    answers: [awaiting, settled('AUTHORISED', short), settled('EXPIRED')],
    whileWaiting: [(handle) => handle.signal('settle')],
  },
  'timer-too-early': { answers: [brief, brief, settled('EXPIRED')] },
  'settling-troubled': {
    answers: [
      new Error('the database is unavailable'),
      brief,
      new Error('the database is unavailable'),
      settled('EXPIRED'),
    ],
  },
  'cancellation-ignored': {
    answers: [awaiting, settled('AUTHORISED', short), settled('EXPIRED')],
    whileWaiting: [(handle) => handle.cancel(), act('approve')],
  },
  'without-search-attributes': {
    answers: [awaiting, settled('AUTHORISED', short), settled('EXPIRED')],
    input: { searchAttributes: false },
    whileWaiting: [act('approve')],
  },
};

/** Runs one case to its end and gives its history. */
export async function runConsentCase(
  connection: NativeConnection,
  name: string,
  one: ConsentCase,
  dataConverter?: DataConverter,
) {
  const taskQueue = `record-consent-${name}-${Date.now()}`;
  let calls = 0;
  const activities: ConsentActivities = {
    settleConsent() {
      const answer = one.answers[Math.min(calls, one.answers.length - 1)];
      calls += 1;
      if (answer === undefined || answer instanceof Error) return Promise.reject(answer ?? new Error('no answer'));
      return Promise.resolve(answer);
    },
  };
  const workflowsPath = require.resolve('../../src/workflows');
  const worker = await Worker.create({ connection, taskQueue, workflowsPath, activities, dataConverter });
  const { workflow } = new Client({ connection, dataConverter });
  return worker.runUntil(async () => {
    const input: ConsentRunInput = {
      tenantId: '019a0000-0000-7000-8000-000000000001',
      id: '019a0000-0000-7000-8000-000000000003',
      searchAttributes: true,
      ...one.input,
    };
    const handle = await workflow.start('consent', { taskQueue, workflowId: `recorded/${name}`, args: [input] });
    for (const happens of one.whileWaiting ?? []) {
      while (!(await waits(handle))) await new Promise((resolve) => setTimeout(resolve, 50));
      await happens(handle);
    }
    await handle.result();
    return handle.fetchHistory();
  });
}

async function waits(handle: WorkflowHandle): Promise<boolean> {
  const { events } = await handle.fetchHistory();
  return events?.some((event) => event.timerStartedEventAttributes) ?? false;
}
