import { randomBytes } from 'node:crypto';
import { createAuthenticatePortal } from '../../src/api/middleware/basic-auth';
import { createKeyring, parseEncryptionKeys } from '../../src/platform/keyring';
import { StoreUnavailable } from '../../src/store/database';
import { createInstallationStore } from '../../src/store/installation';
import { startTestApi, type TestApi } from '../support/api';
import { basic, configurePortal } from './portal';

const forEver = new Promise<never>(() => {});
const poolIsWell = { hasDomain: true, missingScopes: [] as string[] };

let api: TestApi;
let tenantId: string;
let stands = { postgresql: true, temporal: true };
let workersPoll: () => Promise<boolean>;
let gateway: () => Promise<void>;
let pool: () => Promise<typeof poolIsWell | null>;
let asked = 0;
beforeAll(async () => {
  api = await startTestApi({
    overrides: {
      readiness: () => Promise.resolve(stands),
      workersPoll: () => workersPoll(),
      awsProbes: {
        apiGateway: () => {
          asked += 1;
          return gateway();
        },
        userPool: () => pool(),
      },
    },
  });
  ({ tenantId } = await api.newClient());
});
afterAll(() => api.close());

/** What is known of AWS is kept for 30 s, for each region on its own. */
let region = 0;
beforeEach(async () => {
  stands = { postgresql: true, temporal: true };
  workersPoll = () => Promise.resolve(true);
  gateway = () => Promise.resolve();
  pool = () => Promise.resolve(poolIsWell);
  region += 1;
  await configure();
});

const configure = (over: object = {}) =>
  configurePortal(api.dependencies.portals, { tenantId, username: 'portal', region: `eu-west-${region}`, ...over });
const health = () => api.call('GET', '/v1/health', { headers: { authorization: basic() } });
const unhealthy = (...components: string[]) => ({
  status: 503,
  json: { code: 'unhealthy', message: `Not available: ${components.join(', ')}.` },
});

it('is 204 without a body where everything is there', async () => {
  expect(await health()).toMatchObject({ status: 204, text: '' });
});

it('asks AWS once for many callers, and again only after a while', async () => {
  const before = asked;
  const answers = await Promise.all([health(), health(), health()]);
  await health();
  expect(answers.map(({ status }) => status)).toEqual([204, 204, 204]);
  expect(asked).toBe(before + 1);
});

it('names what is away, with nothing of what it said', async () => {
  gateway = () => Promise.reject(new Error('AKIA-canary may not'));
  workersPoll = () => Promise.resolve(false);
  const answer = await health();
  expect(answer).toMatchObject(unhealthy('worker', 'api-gateway'));
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(answer.text).not.toContain('AKIA');
});

it('says nothing of what only a part that is away could tell', async () => {
  stands = { postgresql: true, temporal: false };
  workersPoll = () => Promise.resolve(false);
  expect(await health()).toMatchObject(unhealthy('temporal'));
});

it.each([
  ['is not there', null],
  ['has no domain, so that apps get no token', { hasDomain: false, missingScopes: [] }],
  ['lacks a scope that an API is mapped to', { hasDomain: true, missingScopes: ['rs/read'] }],
])('takes a user pool for away that %s', async (_what, found) => {
  pool = () => Promise.resolve(found);
  await configure({ credentialType: 'CLIENT_CREDENTIALS', userPoolId: 'eu_pool' });
  expect(await health()).toMatchObject(unhealthy('user-pool'));
});

it('does not ask API Gateway for a portal of app clients', async () => {
  const before = asked;
  await configure({ credentialType: 'CLIENT_CREDENTIALS', userPoolId: 'eu_pool' });
  expect((await health()).status).toBe(204);
  expect(asked).toBe(before);
});

it('waits 2 s for what does not answer, and no longer', async () => {
  workersPoll = () => forEver;
  gateway = () => forEver;
  const begun = Date.now();
  expect(await health()).toMatchObject(unhealthy('worker', 'api-gateway'));
  expect(Date.now() - begun).toBeGreaterThanOrEqual(1_990);
  // Both at once: one after the other they would take twice as long.
  expect(Date.now() - begun).toBeLessThan(3_900);
});

it('notices that ENCRYPTION_KEYS lacks the key in use', async () => {
  const ring = createKeyring(parseEncryptionKeys(`lost:${randomBytes(32).toString('base64')}`));
  await createInstallationStore(api.database, ring).keepCanary();
  expect(await health()).toMatchObject(unhealthy('encryption-keys'));
});

it('waits no longer for the database that is to tell who asks', async () => {
  const { log, refusals } = api.dependencies;
  const limits = { authFailures: { check: () => Promise.resolve(), count: () => Promise.resolve() } };
  const authenticate = createAuthenticatePortal({ portals: { findByUsername: () => forEver }, limits, refusals, log });
  await expect(authenticate(basic(), { requestId: 'r', address: 'a' })).rejects.toThrow(StoreUnavailable);
});
