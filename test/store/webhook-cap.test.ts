import { createAuditStore } from '../../src/store/audit';
import { newSigningSecret } from '../../src/domain/signing/standard-webhooks';
import { TooManyWebhooks } from '../../src/store/webhook-cap';
import { createWebhookStore } from '../../src/store/webhooks';
import { entry, openTestStores, type TestStores } from './stores';

let stores: TestStores;
beforeAll(async () => {
  stores = await openTestStores();
});
afterAll(async () => {
  await stores.close();
  await stores.drop();
});

const capped = (perTenant: number) =>
  createWebhookStore(stores.database, stores.keyring, createAuditStore(stores.database), { perTenant });

const create = (store: ReturnType<typeof capped>, tenantId: string, numbered = false) =>
  store.create(
    {
      tenantId,
      contract: numbered ? 'tyk' : 'everhook',
      targetUrl: 'https://receiver.example/hook',
      events: ['*'],
      disabled: false,
      auth: { type: 'noauth' },
      headers: {},
      timeoutMs: 3_000,
      maxRetries: 3,
      numbered,
      signingSecret: newSigningSecret(),
    },
    entry(tenantId, 'webhook.create'),
  );

it('many who create at once have exactly as many webhooks as there may be, of all contracts together', async () => {
  const [tenantId, other] = [await stores.tenant(), await stores.tenant()];
  const store = capped(5);
  const made = await Promise.allSettled(
    Array.from({ length: 12 }, (_, index) => create(store, tenantId, index % 2 === 0)),
  );
  expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(5);
  const refusals = made.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  expect(refusals.every((reason) => reason instanceof TooManyWebhooks)).toBe(true);
  expect((await store.list(tenantId, { limit: 50 })).data).toHaveLength(5);
  const audited = await stores.audit.list(tenantId, { limit: 50 });
  expect(audited.data).toHaveLength(5);

  await expect(create(store, other)).resolves.toMatchObject({ tenantId: other });
});

it('a webhook that is removed makes room for one, a disabled one does not', async () => {
  const tenantId = await stores.tenant();
  const store = capped(2);
  const { id } = await create(store, tenantId);
  await create(store, tenantId);
  await store.update(tenantId, id, { disabled: true }, entry(tenantId, 'webhook.update'));
  await expect(create(store, tenantId)).rejects.toThrow(TooManyWebhooks);
  await store.remove(tenantId, id, entry(tenantId, 'webhook.delete'));
  await create(store, tenantId);
  await expect(create(store, tenantId)).rejects.toThrow('there are 2 webhooks already');
});
