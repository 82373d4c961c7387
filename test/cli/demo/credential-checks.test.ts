import { checkCredentials, type ObservedCredentials } from '../../../src/cli/demo/credential-checks';
import type { PortalCall } from '../../../src/cli/demo/portal';
import type { CredentialDocument } from '../../../src/cli/api-documents';
import { Secret } from '../../../src/domain/secret';

const at = '2026-01-01T00:00:00.000Z';
const making = ['check-usage-plans', 'create-api-key', 'attach-usage-plan p1', 'enable-api-key'];
const removing = ['disable-api-key', 'read-usage-plans', 'detach-usage-plan p1', 'delete-api-key'];

const created = (appName: string): PortalCall => ({
  call: 'createCredentials',
  status: 200,
  code: null,
  durationMs: 800,
  apiKeyId: `k-${appName}`,
  apiKey: new Secret(`value-of-${appName}`),
});
const without = { apiKeyId: null, apiKey: null };

const credential = (appName: string, status: string, steps: string[]): CredentialDocument => ({
  id: `c-${appName}`,
  appName,
  developer: 'dev@example.com',
  credentialType: 'API_KEY',
  status,
  apiKeyId: `k-${appName}`,
  usagePlans: ['p1'],
  scopes: [],
  steps: steps.map((name) => ({ operation: 'create', name, status: 'done', at })),
});

const key = (appName: string) => ({
  id: `k-${appName}`,
  customerId: `c-${appName}`,
  enabled: true,
  value: new Secret(`value-of-${appName}`),
});

interface Observed extends ObservedCredentials {
  credentials: [CredentialDocument, CredentialDocument, CredentialDocument];
  keys: ReturnType<typeof key>[];
}

/** Everything as it must be. */
function asItMustBe(): Observed {
  const denied = { name: 'attach-usage-plan p2', status: 'failed', at, error: 'was denied' };
  const undone = credential('undone', 'failed', [
    'check-usage-plans',
    'create-api-key',
    'detach-usage-plan p2',
    'delete-api-key',
  ]);
  undone.steps.splice(2, 0, denied);
  return {
    calls: {
      kept: [created('kept')],
      undone: [{ ...created('undone'), ...without, status: 502, code: 'aws_refused' }],
      revoked: [created('revoked'), { ...created('revoked'), ...without, call: 'revokeCredentials', status: 204 }],
    },
    credentials: [
      credential('kept', 'active', making),
      undone,
      credential('revoked', 'revoked', [...making, ...removing]),
    ],
    keys: [key('kept'), { ...key('other'), customerId: 'of somebody else' }],
    denials: 3,
    log: '{"msg":"step of a credential done"}',
    runs: new Map(['kept', 'undone', 'revoked'].map((appName) => [`c-${appName}`, 'COMPLETED'])),
  };
}

const problemsOf = (observed: ObservedCredentials) =>
  checkCredentials(observed)
    .filter(({ ok }) => !ok)
    .map(({ name, problem }) => `${name} -> ${problem}`)
    .join('\n');

test('all hold when everything is as it must be', () => {
  expect(problemsOf(asItMustBe())).toBe('');
});

test.each<[string, (observed: Observed) => unknown, RegExp]>([
  ['a key that AWS does not have', (seen) => seen.keys.shift(), /made: .* -> AWS does not have it/],
  ['a second key', (seen) => seen.keys.push({ ...key('kept'), id: 'k-2' }), /made: .* -> AWS has k-2 too/],
  [
    'a key that is disabled',
    (seen) => Object.assign(seen.keys[0] ?? {}, { enabled: false }),
    /made: .* AWS has it disabled/,
  ],
  [
    'a key of another value than was told',
    (seen) => Object.assign(seen.keys[0] ?? {}, { value: new Secret('other') }),
    /made: .* another value/,
  ],
  ['a key of another id', (seen) => Object.assign(seen.keys[0] ?? {}, { id: 'k-9' }), /made: .* by another id/],
  [
    'an answer that is none',
    (seen) => (seen.calls.kept = [{ ...created('kept'), ...without, status: 503, code: 'deadline' }]),
    /made: .* answered 503 deadline instead of 200/,
  ],
  ['something left of what was denied', (seen) => seen.keys.push(key('undone')), /undone, .* -> AWS has k-undone/],
  [
    'a failure that was not undone',
    (seen) => seen.credentials[1].steps.pop(),
    /undone, .* its steps are .* instead of/,
  ],
  ['a denial that never came', (seen) => (seen.denials = 0), /undone, .* -> AWS denied nothing/],
  ['something left of what was revoked', (seen) => seen.keys.push(key('revoked')), /revoked: .* -> AWS has k-revoked/],
  [
    'a revocation that goes on and on',
    (seen) => (seen.credentials[2].status = 'revoking'),
    /revoked: .* it is revoking instead of revoked/,
  ],
  ['a credential that is not there', (seen) => (seen.credentials[2].appName = 'x'), /revoked: .* it is not there/],
  ['a key in the log', (seen) => (seen.log += 'value-of-revoked'), /values of keys .* -> the log has one/],
  ['a key in what is read', (seen) => (seen.credentials[0].developer = 'value-of-kept'), /that was read has one/],
  ['a run that is open', (seen) => (seen.runs = new Map()), /the run of the kept one is not known/],
])('%s is found', (_what, spoil, problem) => {
  const observed = asItMustBe();
  spoil(observed);
  expect(problemsOf(observed)).toMatch(problem);
});
