import { newSigningSecret } from '../../src/domain/signing/standard-webhooks';
import { newConsent } from './new-consent';
import { canary, entry, openStoresOn, openTestStores, secretsOf, type TestStores } from './stores';

let stores: TestStores;
let tenantId: string;
let webhookId: string;
let consentId: string;

beforeAll(async () => {
  stores = await openTestStores();
  tenantId = await stores.tenant();
  const headers = { 'X-Api-Key': 'before' };
  webhookId = (await stores.webhook(tenantId, { headers })).id;
  const { consent } = await stores.consents.create(newConsent(tenantId), entry(tenantId, 'consent.create'));
  consentId = consent.id;
});
afterAll(async () => {
  await stores.close();
  await stores.drop();
});

type Stores = ReturnType<typeof openStoresOn>;

describe('a KMS that takes its time', () => {
  it.each<[string, (one: Stores) => Promise<unknown>]>([
    [
      'the secrets of a new webhook',
      (one) =>
        one.webhook(tenantId, {
          auth: { type: 'basic', username: 'user', password: canary().secret },
          headers: { 'X-Api-Key': 'new' },
        }),
    ],
    [
      'a new value of a header',
      (one) =>
        one.webhooks.update(
          tenantId,
          webhookId,
          { headers: { 'X-Api-Key': 'after' } },
          entry(tenantId, 'webhook.update'),
        ),
    ],
    [
      'a new signing secret',
      (one) =>
        one.webhooks.rotateSecret(tenantId, webhookId, newSigningSecret(), 60, entry(tenantId, 'webhook.rotate')),
    ],
    ['the number of a person', (one) => one.consents.create(newConsent(tenantId), entry(tenantId, 'consent.create'))],
    [
      'a reason',
      (one) =>
        one.consents.accept(
          tenantId,
          consentId,
          { action: 'approve', reason: 'said so' },
          entry(tenantId, 'consent.approve'),
        ),
    ],
  ])('keeps no connection waiting while it encrypts %s', async (_what, act) => {
    let asked: (() => void) | undefined;
    const wasAsked = new Promise<void>((resolve) => (asked = resolve));
    let answer: (() => void) | undefined;
    const mayAnswer = new Promise<void>((resolve) => (answer = resolve));
    const one = openStoresOn(stores.url, {
      max: 1,
      keyring: {
        ...stores.keyring,
        encrypt: async (plain, binding) => {
          asked?.();
          await mayAnswer;
          return stores.keyring.encrypt(plain, binding);
        },
      },
    });
    try {
      const acting = act(one);
      await wasAsked;
      // The only connection there is.
      expect(await one.tenants.findTenant(tenantId)).not.toBeNull();
      answer?.();
      await acting;
    } finally {
      await one.close();
    }
  });
});

it('what depends on a webhook as it is now is sealed anew until it is all there, and then stored once', async () => {
  const { id } = await stores.webhook(tenantId, { headers: { 'X-Api-Key': 'first' } });
  let asked = 0;
  const updated = await stores.webhooks.update(
    tenantId,
    id,
    ({ headers }) => ({ headers: { ...headers, [`X-Token-${(asked += 1) < 3 ? asked : 3}`]: 'value' } }),
    entry(tenantId, 'webhook.update'),
  );
  expect(updated?.headers).toEqual({ 'X-Api-Key': '[redacted]', 'X-Token-3': '[redacted]' });
  const { headers } = await secretsOf(stores, tenantId, id);
  expect(headers).toEqual({ 'x-api-key': 'first', 'x-token-3': 'value' });
});
