import { spansOf, type History } from '../../console/src/pages/consents/timeline';
import { runsOf, type Step } from '../../console/src/pages/credentials/saga';
import { placed, readJson } from '../../console/src/pages/event-types/json-text';

const step = (name: string, more: Partial<Step> = {}): Step => ({
  ...{ operation: 'create', name, status: 'done', at: '2026-01-15T09:30:00.000Z' },
  ...more,
});

describe('the steps of a credential', () => {
  it('are forwards and done when nothing failed', () => {
    const [run] = runsOf([step('check-usage-plans'), step('create-api-key'), step('enable-api-key')]);
    expect(run).toMatchObject({ outcome: 'done', failedAt: null });
    expect(run?.steps.map(({ role }) => role)).toEqual(['forward', 'forward', 'forward']);
  });

  it('name what they took back, in reverse order', () => {
    const [run] = runsOf([
      step('check-usage-plans'),
      step('create-api-key'),
      step('attach-usage-plan gold'),
      step('attach-usage-plan silver', { status: 'failed', error: 'denied' }),
      step('detach-usage-plan silver'),
      step('detach-usage-plan gold'),
      step('delete-api-key'),
    ]);
    expect(run).toMatchObject({ outcome: 'undone', failedAt: { name: 'attach-usage-plan silver' } });
    expect(run?.steps.map(({ undoes }) => undoes)).toEqual([null, null, null, null, 4, 3, 2]);
  });

  it('say when taking back failed', () => {
    const [run] = runsOf([
      step('create-api-key', { status: 'failed' }),
      step('find-api-key'),
      step('delete-api-key', { status: 'failed' }),
    ]);
    expect(run).toMatchObject({ outcome: 'stuck', failedAt: { name: 'create-api-key' } });
    expect(run?.steps[1]).toMatchObject({ role: 'undo', undoes: null });
  });

  it('a revocation only goes forwards, and operations are told apart', () => {
    const renames = ['read-usage-plans', 'rename-api-key'].map((name) => step(name, { operation: 'update' }));
    const removal = ['disable-api-key', 'read-usage-plans', 'detach-usage-plan gold', 'delete-api-key'].map((name) =>
      step(name, { operation: 'revoke' }),
    );
    const runs = runsOf([step('create-api-key'), ...renames, ...renames, ...removal]);
    expect(runs.map(({ operation, outcome }) => [operation, outcome])).toEqual([
      ['create', 'done'],
      ['update', 'done'],
      ['update', 'done'],
      ['revoke', 'done'],
    ]);
  });
});

describe('the two times of a consent', () => {
  const history = (steps: History['steps'], consumptionDeadline: string | null = null): History => ({
    consentId: 'urn:everhook:0198c0de-7f3a-7cc4-9d56-3a1b2c4d5e6f',
    createdAt: '2026-01-15T09:00:00.000Z',
    decisionDeadline: '2026-01-15T10:00:00.000Z',
    consumptionDeadline,
    steps,
    outstanding: [],
    serverTime: '2026-01-15T09:10:00.000Z',
  });

  it('the second begins with the decision', () => {
    const decided = { on: 'approve', status: 'AUTHORISED', at: '2026-01-15T09:30:00.000Z', event: null } as const;
    expect(spansOf(history([])).map(({ kind, state }) => [kind, state])).toEqual([['decision', 'running']]);
    expect(spansOf(history([decided], '2026-01-15T10:40:00.000Z'))).toMatchObject([
      { kind: 'decision', state: 'met' },
      { kind: 'consumption', state: 'running', from: Date.parse(decided.at) },
    ]);
  });

  it('one that expired is not one that was stopped', () => {
    const at = '2026-01-15T10:00:00.000Z';
    expect(spansOf(history([{ on: 'deadline', status: 'EXPIRED', at, event: null }]))[0]?.state).toBe('expired');
    expect(spansOf(history([{ on: 'revoke', status: 'REVOKED', at, event: null }]))[0]?.state).toBe('stopped');
  });
});

describe('what is wrong in a text of JSON', () => {
  it('is found at its line', () => {
    expect(readJson('{\n  "a": 1\n  "b": 2\n}')).toMatchObject({ findings: [{ line: 3, message: 'comma expected' }] });
    expect(readJson(' ')).toEqual({ value: null });
  });

  it('and so is what the API says of it; what is missing stands at its parent', () => {
    const text = '{\n  "type": "object",\n  "properties": {\n    "a/b": { "type": "text" }\n  }\n}';
    const problem = (pointer: string) => ({ pointer, message: 'is wrong' });
    const found = placed(
      [problem('/schema/properties/a~1b/type'), problem('/schema/properties/c'), problem('/example/x')],
      'schema',
      text,
    );
    expect(found.map(({ line, pointer }) => [line, pointer])).toEqual([
      [4, '/properties/a~1b/type'],
      [3, '/properties/c'],
    ]);
    expect(text.slice(found[0]?.from, found[0]?.to)).toBe('"text"');
  });
});
