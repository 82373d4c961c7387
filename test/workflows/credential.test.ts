import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { OpenedOperation, OperationOutcome } from '../../src/domain/credential-run';
import { quietTemporal, timeSkippingEnvironment } from '../support/temporal';
import { createClient, createKey, done, refused, runCredential, unavailable, type Fault } from './credential-script';

quietTemporal();
let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await timeSkippingEnvironment();
}, 60_000);
afterAll(() => environment.teardown());

const failed = (code: string) => ({ kind: 'failed', code, message: expect.any(String) as string });
const forever = <T>(one: T): T[] => Array.from({ length: 100 }, () => one);
const always = (fault: () => Error): Fault[] => Array.from({ length: 100 }, fault);

const keySteps = [
  'checkUsagePlans requested',
  'createApiKey',
  'attachUsagePlan p1',
  'attachUsagePlan p2',
  'enableApiKey',
];
/** What undoes each of them. */
const undoKey = ['deleteApiKey key-1', 'detachUsagePlan p1', 'detachUsagePlan p2', 'disableApiKey'];

describe('a creation', () => {
  it('of an API key checks, makes it disabled, attaches, and enables last', async () => {
    const { calls, results, outcomes } = await runCredential(environment, { opened: { 'op-1': [createKey, done] } });
    expect(calls).toEqual(keySteps);
    expect(results).toEqual([{ kind: 'provisioned' }]);
    expect(outcomes).toEqual({ 'op-1': { kind: 'succeeded' } });
  });

  it('of an app client checks its scopes and makes it', async () => {
    const { calls } = await runCredential(environment, { opened: { 'op-1': [createClient, done] } });
    expect(calls).toEqual(['checkScopes', 'createAppClient']);
  });

  it.each(keySteps.map((step, index) => [step, index] as const))(
    'of an API key that fails for good at %s is undone in reverse, and tells the first error',
    async (step, index) => {
      const { calls, results, outcomes } = await runCredential(environment, {
        opened: { 'op-1': [createKey] },
        faults: { [step]: [refused('unknown_usage_plan')] },
      });
      // A step that failed may have happened, so it is undone too; a key without a known id is looked for.
      const undone = undoKey.slice(0, index).reverse();
      const expected = index === 1 ? ['findApiKey', 'deleteApiKey found-1'] : undone;
      expect(calls).toEqual([...keySteps.slice(0, index), `${step}!`, ...expected]);
      const failure = { code: 'unknown_usage_plan', message: 'refused' };
      expect(results).toEqual([
        { kind: 'undoing', failure },
        { kind: 'removed', failure },
      ]);
      expect(outcomes).toEqual({ 'op-1': { kind: 'failed', ...failure } });
    },
  );

  it('of an app client whose answer was lost is undone by looking for it', async () => {
    const { calls, outcomes } = await runCredential(environment, {
      opened: { 'op-1': [createClient] },
      faults: { createAppClient: always(unavailable) },
    });
    expect(calls.at(-2)).toBe('findAppClient');
    expect(calls.at(-1)).toBe('deleteAppClient found-1');
    expect(outcomes['op-1']).toEqual(failed('deadline'));
  });

  it('is tried again while AWS is away, and undone at the deadline', async () => {
    const { calls, results, outcomes, waitedMs } = await runCredential(environment, {
      opened: { 'op-1': [createKey] },
      faults: { 'attachUsagePlan p2': always(unavailable) },
    });
    expect(calls.filter((call) => call === 'attachUsagePlan p2!').length).toBeGreaterThanOrEqual(4);
    expect(calls.slice(-3)).toEqual(['detachUsagePlan p2', 'detachUsagePlan p1', 'deleteApiKey key-1']);
    expect(results.at(-1)).toMatchObject({ kind: 'removed', failure: { code: 'deadline' } });
    expect(outcomes['op-1']).toEqual(failed('deadline'));
    expect(waitedMs).toBeGreaterThanOrEqual(22_000);
    // This server lets a cancelled activity have its next attempt first; the real one does not.
    expect(waitedMs).toBeLessThan(22_500 + 12_000);
  });

  it('that can not be undone goes on with what can, and is stuck', async () => {
    const { calls, results, outcomes } = await runCredential(environment, {
      opened: { 'op-1': [createKey] },
      faults: { enableApiKey: [refused()], 'detachUsagePlan p2': [refused()] },
    });
    expect(calls.slice(-4)).toEqual([
      'disableApiKey',
      'detachUsagePlan p2!',
      'detachUsagePlan p1',
      'deleteApiKey key-1',
    ]);
    expect(results.at(-1)).toMatchObject({ kind: 'stuck', repairBy: 'remove', failure: { code: 'aws_refused' } });
    expect(outcomes['op-1']).toEqual(failed('aws_refused'));
  });

  it('keeps trying to undo for an hour before it counts as stuck', async () => {
    const { results, waitedMs } = await runCredential(environment, {
      opened: { 'op-1': [createKey] },
      faults: { createApiKey: [refused()], deleteApiKey: Array.from({ length: 1_000 }, unavailable) },
    });
    expect(results.at(-1)).toMatchObject({ kind: 'stuck', failure: { code: 'aws_refused' } });
    expect(waitedMs).toBeGreaterThanOrEqual(3_500_000);
  });

  it('whose caller goes away is undone at once', async () => {
    const { calls, outcomes, waitedMs } = await runCredential(
      environment,
      { opened: { 'op-1': [createKey] }, faults: { enableApiKey: always(unavailable) } },
      async (run) => {
        const performing = run.perform('op-1');
        while (!run.calls.includes('enableApiKey!')) await new Promise((resolve) => setTimeout(resolve, 5));
        await run.handle().signal('news', { credentialId: 'credential-1', operationId: 'op-1', news: 'given_up' });
        await performing;
      },
      { timeStandsStill: true },
    );
    expect(calls.slice(-4)).toEqual([...undoKey].reverse());
    expect(outcomes['op-1']).toEqual(failed('given_up'));
    expect(waitedMs).toBeLessThan(22_000);
  });

  it('waits to be handed over, and asks PostgreSQL once that time is over', async () => {
    const lost: OperationOutcome = { kind: 'failed', code: 'given_up', message: 'nobody took it over in time' };
    const takeBack: OpenedOperation = {
      todo: 'remove',
      credentialType: 'API_KEY',
      awsId: 'key-1',
      outcome: lost,
      lastStep: 5,
    };
    const { calls, results, outcomes, waitedMs } = await runCredential(environment, {
      opened: { 'op-1': [createKey, { todo: 'hand_over', waitMs: 27_000 }, takeBack] },
      attached: [
        { id: 'p1', stages: ['api/prod'] },
        { id: 'p2', stages: ['api/test'] },
      ],
    });
    expect(outcomes).toEqual({ 'op-1': { kind: 'succeeded' } });
    expect(waitedMs).toBeGreaterThanOrEqual(27_000);
    expect(calls.slice(5)).toEqual([
      'disableApiKey',
      'readUsagePlans',
      'detachUsagePlan p1',
      'detachUsagePlan p2',
      'deleteApiKey key-1',
    ]);
    expect(results.at(-1)).toMatchObject({ kind: 'removed', failure: { code: 'given_up' } });
  });

  it('that was handed over is left alone', async () => {
    const { calls, waitedMs } = await runCredential(
      environment,
      { opened: { 'op-1': [createKey, { todo: 'hand_over', waitMs: 3_600_000 }] } },
      async (run) => {
        await run.perform('op-1');
        await run.handle().signal('news', { credentialId: 'credential-1', operationId: 'op-1', news: 'handed_over' });
      },
      { timeStandsStill: true },
    );
    expect(calls).toEqual(keySteps);
    expect(waitedMs).toBeLessThan(3_600_000);
  });
});

describe('an update', () => {
  const update: OpenedOperation = {
    todo: 'update',
    credentialType: 'API_KEY',
    awsId: 'key-1',
    plans: true,
    rename: true,
    budgetMs: 22_500,
    lastStep: 0,
  };
  const old = { id: 'old', stages: ['api/prod'] };
  const kept = { id: 'kept', stages: ['other/prod'] };
  const gone = { id: 'gone', stages: ['third/prod'] };
  const inTheWay = { id: 'new', stages: ['api/prod'] };
  const free = { id: 'free', stages: ['fourth/prod'] };
  const plans = { attached: [old, kept, gone], wanted: [inTheWay, kept, free] };
  const moves = [
    'attachUsagePlan free',
    'detachUsagePlan old',
    'attachUsagePlan new',
    'detachUsagePlan gone',
    'renameApiKey requested',
  ];

  it('attaches before it detaches, except where both would cover the same stage', async () => {
    const { calls, results } = await runCredential(environment, { opened: { 'op-1': [update] }, ...plans });
    expect(calls).toEqual(['readUsagePlans', 'checkUsagePlans requested', ...moves]);
    expect(results).toEqual([{ kind: 'changed' }]);
  });

  it('with nothing to change writes nothing', async () => {
    const { calls } = await runCredential(environment, {
      opened: { 'op-1': [{ ...update, rename: false }] },
      attached: [kept],
      wanted: [kept],
    });
    expect(calls).toEqual(['readUsagePlans', 'checkUsagePlans requested']);
  });

  const backwards = [
    'detachUsagePlan free',
    'attachUsagePlan old',
    'detachUsagePlan new',
    'attachUsagePlan gone',
    'renameApiKey recorded',
  ];
  it.each(moves.map((step, index) => [step, index] as const))(
    'that fails at %s restores what was there',
    async (step, index) => {
      const { calls, results, outcomes } = await runCredential(environment, {
        opened: { 'op-1': [update] },
        ...plans,
        faults: { [step]: [refused()] },
      });
      expect(calls.slice(2)).toEqual([
        ...moves.slice(0, index),
        `${step}!`,
        ...backwards.slice(0, index + 1).reverse(),
      ]);
      expect(results).toMatchObject([{ kind: 'restored', failure: { code: 'aws_refused' } }]);
      expect(outcomes['op-1']).toEqual(failed('aws_refused'));
    },
  );

  it('whose caller had given up by the time it was done is undone', async () => {
    const { calls, results, outcomes } = await runCredential(environment, {
      opened: { 'op-1': [update] },
      ...plans,
      recorded: false,
    });
    expect(calls.slice(-5)).toEqual([...backwards].reverse());
    expect(results.map(({ kind }) => kind)).toEqual(['changed', 'restored']);
    expect(outcomes['op-1']).toEqual(failed('given_up'));
  });

  it('of an app client writes back what was recorded when it fails', async () => {
    const { calls } = await runCredential(environment, {
      opened: { 'op-1': [{ ...update, credentialType: 'CLIENT_CREDENTIALS' }] },
      faults: { 'updateAppClient requested': [refused()] },
    });
    expect(calls).toEqual(['checkScopes', 'updateAppClient requested!', 'updateAppClient recorded']);
  });

  it('that lost its run is restored from what is recorded', async () => {
    const { calls, results } = await runCredential(environment, {
      opened: {
        'op-1': [
          {
            todo: 'restore',
            credentialType: 'API_KEY',
            awsId: 'key-1',
            lastStep: 3,
            outcome: { kind: 'failed', code: 'deadline', message: 'it was interrupted' },
          },
        ],
      },
      attached: [inTheWay, kept],
      wanted: [old, kept],
    });
    expect(calls).toEqual([
      'readUsagePlans',
      'checkUsagePlans recorded',
      'detachUsagePlan new',
      'attachUsagePlan old',
      'renameApiKey recorded',
    ]);
    expect(results).toMatchObject([{ kind: 'restored', failure: { code: 'deadline' } }]);
  });
});

describe('a revocation', () => {
  const revoke: OpenedOperation = {
    todo: 'remove',
    credentialType: 'API_KEY',
    awsId: 'key-1',
    outcome: { kind: 'succeeded' },
    lastStep: 0,
  };
  const attached = [{ id: 'p1', stages: ['api/prod'] }];
  const steps = ['disableApiKey', 'readUsagePlans', 'detachUsagePlan p1', 'deleteApiKey key-1'];

  it('of an API key is answered once it is disabled, and goes on', async () => {
    const { calls, results, outcomes } = await runCredential(environment, {
      opened: { 'op-1': [revoke] },
      attached,
      faults: { 'deleteApiKey key-1': forever<Fault>('ok').fill(unavailable(), 0, 5) },
    });
    expect([...new Set(calls)].filter((call) => !call.endsWith('!'))).toEqual(steps);
    expect(results).toEqual([{ kind: 'cut_off' }, { kind: 'removed' }]);
    expect(outcomes['op-1']).toEqual({ kind: 'succeeded' });
  });

  it('only goes forwards, however often AWS fails', async () => {
    const { calls, results } = await runCredential(environment, {
      opened: { 'op-1': [revoke] },
      attached,
      faults: Object.fromEntries(steps.map((step) => [step, [unavailable(), unavailable(), unavailable()]])),
    });
    expect(calls).toEqual(steps.flatMap((step) => [...Array.from({ length: 3 }, () => `${step}!`), step]));
    expect(results.at(-1)).toEqual({ kind: 'removed' });
  });

  it('of an app client deletes it', async () => {
    const { calls, results } = await runCredential(environment, {
      opened: { 'op-1': [{ ...revoke, credentialType: 'CLIENT_CREDENTIALS', awsId: 'client-1' }] },
    });
    expect(calls).toEqual(['deleteAppClient client-1']);
    expect(results).toEqual([{ kind: 'removed' }]);
  });

  it('that AWS denies is stuck', async () => {
    const { results, outcomes } = await runCredential(environment, {
      opened: { 'op-1': [revoke] },
      faults: { disableApiKey: [refused()] },
    });
    expect(results).toMatchObject([{ kind: 'stuck', repairBy: 'remove' }]);
    expect(outcomes['op-1']).toEqual(failed('aws_refused'));
  });
});

describe('operations on the same app', () => {
  it('are carried out one after the other, whatever order they come in', async () => {
    const second: OpenedOperation = {
      todo: 'remove',
      credentialType: 'API_KEY',
      awsId: 'key-1',
      outcome: { kind: 'succeeded' },
      lastStep: 0,
    };
    const { calls } = await runCredential(
      environment,
      { opened: { 'op-1': [createKey, done], 'op-2': [second] } },
      async (run) => {
        const first = run.perform('op-1');
        while (run.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        await Promise.all([first, run.perform('op-2')]);
      },
    );
    expect(calls).toEqual([...keySteps, 'disableApiKey', 'readUsagePlans', 'deleteApiKey key-1']);
  });
});
