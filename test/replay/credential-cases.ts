import { Client } from '@temporalio/client';
import type { DataConverter } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';
import type { OpenedOperation } from '../../src/domain/credential-run';
import {
  createClient,
  createKey,
  done,
  refused,
  runCredential,
  unavailable,
  type Run,
  type Script,
} from '../workflows/credential-script';

/** A life of a run: what PostgreSQL and AWS say, and what is asked of it. */
export interface CredentialCase extends Script {
  during?: (run: Run) => Promise<void>;
}

const plan = (id: string, stage: string) => ({ id, stages: [stage] });
const key = { credentialType: 'API_KEY', awsId: 'key-1', lastStep: 0 } as const;
const update: OpenedOperation = { ...key, todo: 'update', plans: true, rename: true, budgetMs: 22_500 };
const revoke: OpenedOperation = { ...key, todo: 'remove', outcome: { kind: 'succeeded' } };
const interrupted = { kind: 'failed', code: 'deadline', message: 'it was interrupted' } as const;
const plans = {
  attached: [plan('old', 'a/prod'), plan('gone', 'b/prod')],
  wanted: [plan('new', 'a/prod'), plan('free', 'c/prod')],
};
const news = (run: Run, what: 'given_up' | 'handed_over') =>
  run.handle().signal('news', { credentialId: 'credential-1', operationId: 'op-1', news: what });
const until = async (seen: () => boolean) => {
  while (!seen()) await new Promise((resolve) => setTimeout(resolve, 10));
};

export const credentialCases: Record<string, CredentialCase> = {
  'key-created': { opened: { 'op-1': [createKey, done] } },
  'key-created-and-handed-over': {
    opened: { 'op-1': [createKey, { todo: 'hand_over', waitMs: 60_000 }] },
    during: async (run) => {
      await run.perform('op-1');
      await news(run, 'handed_over');
    },
  },
  'key-never-handed-over': {
    opened: { 'op-1': [createKey, { todo: 'hand_over', waitMs: 300 }, { ...revoke, outcome: interrupted }] },
    attached: [plan('p1', 'a/prod')],
  },
  'key-undone': { opened: { 'op-1': [createKey] }, faults: { enableApiKey: [refused()] } },
  'key-undone-with-a-lost-answer': { opened: { 'op-1': [createKey] }, faults: { createApiKey: [refused()] } },
  'key-stuck': { opened: { 'op-1': [createKey] }, faults: { enableApiKey: [refused()], deleteApiKey: [refused()] } },
  'key-at-the-deadline': {
    opened: { 'op-1': [{ ...createKey, budgetMs: 500 }] },
    faults: { 'attachUsagePlan p1': Array.from({ length: 5 }, unavailable) },
  },
  'key-given-up': {
    opened: { 'op-1': [createKey] },
    faults: { enableApiKey: Array.from({ length: 5 }, unavailable) },
    during: async (run) => {
      const performing = run.perform('op-1');
      await until(() => run.calls.includes('enableApiKey!'));
      await news(run, 'given_up');
      await performing;
    },
  },
  'client-created': { opened: { 'op-1': [createClient, done] } },
  'client-undone': { opened: { 'op-1': [createClient] }, faults: { createAppClient: [refused()] } },
  'key-updated': { opened: { 'op-1': [update] }, ...plans },
  'key-update-undone': { opened: { 'op-1': [update] }, ...plans, faults: { renameApiKey: [refused()] } },
  'client-updated': { opened: { 'op-1': [{ ...update, credentialType: 'CLIENT_CREDENTIALS' }] } },
  'update-restored': { opened: { 'op-1': [{ ...key, todo: 'restore', outcome: interrupted }] }, ...plans },
  'key-revoked': { opened: { 'op-1': [revoke] }, attached: [plan('p1', 'a/prod')] },
  'client-revoked': { opened: { 'op-1': [{ ...revoke, credentialType: 'CLIENT_CREDENTIALS' }] } },
  'one-after-the-other': {
    opened: { 'op-1': [createKey, done], 'op-2': [revoke] },
    during: async (run) => {
      const first = run.perform('op-1');
      await until(() => run.calls.length > 0);
      await Promise.all([first, run.perform('op-2')]);
    },
  },
};

/** Runs one case to its end and gives its history. */
export async function runCredentialCase(
  connection: NativeConnection,
  name: string,
  one: CredentialCase,
  dataConverter?: DataConverter,
) {
  const client = new Client({ connection, dataConverter });
  const workflowId = `recorded/${name}`;
  await runCredential({ nativeConnection: connection, client }, one, one.during, {
    workflowId,
    workflowsPath: require.resolve('../../src/workflows'),
    dataConverter,
  });
  return client.workflow.getHandle(workflowId).fetchHistory();
}
