import type { CredentialDocument } from '../../../src/cli/api-documents';
import {
  changedCredentials,
  renderCredentialChange,
  renderCredentials,
  renderStory,
} from '../../../src/cli/demo/credentials';
import { Secret } from '../../../src/domain/secret';

const now = new Date('2026-01-01T10:00:00.000Z');
const step = (name: string, status = 'done', error?: string) => ({
  operation: 'create',
  name,
  status,
  at: now.toISOString(),
  ...(error && { error }),
});
const kept: CredentialDocument = {
  id: 'c1',
  appName: 'kept',
  developer: 'dev@example.com',
  credentialType: 'API_KEY',
  status: 'active',
  apiKeyId: 'k1',
  usagePlans: ['p1'],
  scopes: [],
  steps: [step('create-api-key'), step('enable-api-key', 'running')],
  temporalUrl: 'http://ui/workflows/c1',
};
const undone: CredentialDocument = {
  ...kept,
  id: 'c2',
  appName: 'undone',
  status: 'failed',
  apiKeyId: null,
  steps: [step('attach-usage-plan p2', 'failed', 'it was denied'), step('delete-api-key')],
  temporalUrl: null,
};
const call = { call: 'createCredentials', status: 200, code: null, durationMs: 840 } as const;

test('the story has every step, what AWS has and where the run is, and never a key', () => {
  const story = renderStory({
    calls: {
      kept: [{ ...call, apiKeyId: 'k1', apiKey: new Secret('the key itself') }],
      undone: [{ ...call, status: 502, code: 'aws_refused', apiKeyId: null, apiKey: null }],
      revoked: [],
    },
    credentials: [kept, undone],
    keys: [{ id: 'k1', customerId: 'c1', enabled: true, value: new Secret('the key itself') }],
  });
  expect(story.split('\n')).toEqual([
    'Credentials that a portal asked for, each with its steps on AWS:',
    'kept      createCredentials 200 in 0.8 s: API key k1',
    '  ✓ create  create-api-key',
    '  … create  enable-api-key',
    '  AWS has the key k1, enabled',
    '  http://ui/workflows/c1',
    'undone    createCredentials 502 aws_refused in 0.8 s',
    '  ✗ create  attach-usage-plan p2: it was denied',
    '  ✓ create  delete-api-key',
    '  AWS has no key of it',
    expect.stringMatching(/^revoked/),
    '  AWS has no key of it',
  ]);
});

test('a row says how far it is, with a link where there is room', () => {
  const [head, ...rows] = renderCredentials([kept, undone], { links: true }).split('\n');
  expect(head?.split(/ {2,}/)).toEqual(['CREDENTIAL', 'STATUS', 'API KEY', 'STEPS', 'LAST STEP']);
  expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
    ['kept', 'active', 'k1', '2', 'enable-api-key running'],
    ['undone', 'failed', '2', 'delete-api-key done'],
    [''],
    ['', 'kept', 'http://ui/workflows/c1'],
  ]);
  expect(renderCredentials([kept], { links: false })).not.toContain('http');
});

test('a change is a line, once', () => {
  const seen = new Map<string, string>();
  expect(changedCredentials([kept, undone], seen)).toEqual([kept, undone]);
  expect(changedCredentials([kept, { ...undone, status: 'revoking' }], seen)).toMatchObject([{ id: 'c2' }]);
  expect(renderCredentialChange(kept, now)).toMatch(
    /^10:00:00 {2}credential {2}kept +active {2}last enable-api-key running$/,
  );
});
