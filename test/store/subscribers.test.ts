import { openStoresOn, openTestStores, only, type TestStores } from './stores';

/** Webhooks are remembered where events are published; whoever changes one is seen at once all the same. */

let publisher: TestStores;
/** Another process, which the publisher hears nothing of. */
let other: ReturnType<typeof openStoresOn>;

beforeAll(async () => {
  publisher = await openTestStores();
  other = openStoresOn(publisher.url, { keyring: publisher.keyring });
});

afterAll(async () => {
  await other.close();
  await publisher.close();
  await publisher.drop();
});

const entry = (tenantId: string) => ({
  tenantId,
  actor: 'test',
  action: 'webhook.update',
  objectType: 'webhook',
  fields: [],
  address: null,
  requestId: null,
  outcome: 'success' as const,
});

/** A tenant with a webhook, which the publisher has published to. */
async function remembered() {
  const tenantId = await publisher.tenant();
  const webhook = await publisher.webhook(tenantId);
  expect(await receivers(tenantId)).toEqual([webhook.id]);
  return { tenantId, webhook };
}

const receivers = async (tenantId: string, event: Parameters<TestStores['publish']>[1] = {}) =>
  (await publisher.publish(tenantId, event)).toStart.map(({ webhookId }) => webhookId);

/** How often the publisher read webhooks while `work` ran. */
async function readings(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const counted = ({ options }: { options?: { name?: string } }) => (count += options?.name === 'subscribers' ? 1 : 0);
  publisher.database.on('query', counted);
  try {
    await work();
  } finally {
    publisher.database.off('query', counted);
  }
  return count;
}

describe('the next event after a change by another process', () => {
  it('reaches a webhook that was registered', async () => {
    const { tenantId, webhook } = await remembered();
    const second = await other.webhook(tenantId);
    expect(await receivers(tenantId)).toEqual([webhook.id, second.id]);
  });

  it("reaches a tenant's first webhook", async () => {
    const tenantId = await publisher.tenant();
    expect(await receivers(tenantId)).toEqual([]);
    const { id } = await other.webhook(tenantId);
    expect(await receivers(tenantId)).toEqual([id]);
  });

  it('reaches a webhook that it names and that was just registered', async () => {
    const { tenantId } = await remembered();
    const { id } = await other.webhook(tenantId);
    expect(await receivers(tenantId, { webhookId: id })).toEqual([id]);
  });

  it('does not reach a webhook that was disabled, and does again once it is enabled', async () => {
    const { tenantId, webhook } = await remembered();
    for (const disabled of [true, false, true, false]) {
      await other.webhooks.update(tenantId, webhook.id, { disabled }, entry(tenantId));
      expect(await receivers(tenantId)).toEqual(disabled ? [] : [webhook.id]);
      expect(await receivers(tenantId, { webhookId: webhook.id })).toEqual(disabled ? [] : [webhook.id]);
    }
  });

  it('does not reach a webhook that was deleted, and is refused when it names it', async () => {
    const { tenantId, webhook } = await remembered();
    await other.webhooks.remove(tenantId, webhook.id, entry(tenantId));
    expect(await receivers(tenantId)).toEqual([]);
    await expect(receivers(tenantId, { webhookId: webhook.id })).rejects.toThrow('unknown_webhook');
  });

  it('goes by the types and channels that a webhook wants by now', async () => {
    const { tenantId, webhook } = await remembered();
    await other.webhooks.update(tenantId, webhook.id, { events: ['invoice.*'] }, entry(tenantId));
    expect(await receivers(tenantId)).toEqual([]);
    await other.webhooks.update(tenantId, webhook.id, { events: ['*'], channels: ['blue'] }, entry(tenantId));
    expect(await receivers(tenantId)).toEqual([]);
    expect(await receivers(tenantId, { channel: 'blue' })).toEqual([webhook.id]);
  });

  it('has as many retries as a webhook allows by now', async () => {
    const { tenantId, webhook } = await remembered();
    await other.webhooks.update(tenantId, webhook.id, { maxRetries: 1 }, entry(tenantId));
    expect(only((await publisher.publish(tenantId)).toStart).retrySchedule).toEqual([2_000]);
  });

  it('goes by settings that only the contract knows', async () => {
    const { tenantId, webhook } = await remembered();
    const read = await readings(async () => {
      await other.webhooks.update(tenantId, webhook.id, { settings: { a: 1 } }, entry(tenantId));
      await receivers(tenantId);
    });
    expect(read).toBe(1);
  });

  it('is right whichever of several came first: a change is seen by all that are published after it', async () => {
    const { tenantId, webhook } = await remembered();
    for (let round = 0; round < 15; round += 1) {
      const disabled = round % 2 === 0;
      const during = Array.from({ length: 4 }, () => receivers(tenantId));
      await other.webhooks.update(tenantId, webhook.id, { disabled }, entry(tenantId));
      const after = await Promise.all(Array.from({ length: 4 }, () => receivers(tenantId)));
      expect(after).toEqual(after.map(() => (disabled ? [] : [webhook.id])));
      await Promise.all(during);
    }
  });

  it('is right for each of a batch, and none of it is stored twice', async () => {
    const { tenantId, webhook } = await remembered();
    const second = await other.webhook(tenantId);
    const batch = ['a', 'b', 'c'].map((eventId) => ({
      eventId,
      type: 'everhook.test',
      payload: {},
      occurredAt: null,
      webhookId: null,
      channel: null,
    }));
    const { results, toStart } = await publisher.events.publish(tenantId, [...batch, ...batch.slice(0, 1)]);
    const deliveries = [webhook.id, second.id].map((webhookId) => ({ id: expect.any(String) as string, webhookId }));
    expect(results).toMatchObject([
      ...batch.map(({ eventId }) => ({ eventId, duplicate: false, deliveries })),
      { eventId: 'a', duplicate: true, deliveries },
    ]);
    expect(toStart).toHaveLength(6);
  });
});

it('webhooks are not read again while nothing of them changes that publishing asks for', async () => {
  const { tenantId, webhook } = await remembered();
  const read = await readings(async () => {
    await receivers(tenantId);
    await other.webhooks.update(tenantId, webhook.id, { description: 'renamed', timeoutMs: 500 }, entry(tenantId));
    expect(await receivers(tenantId)).toEqual([webhook.id]);
    await receivers(tenantId, { webhookId: webhook.id });
  });
  expect(read).toBe(0);
});

it('a change of a transaction is seen within it, and is forgotten with it', async () => {
  const { tenantId, webhook } = await remembered();
  const undone = publisher.database.transaction(async (within) => {
    await within('webhooks').where({ tenant_id: tenantId, id: webhook.id }).update({ disabled: true });
    const event = {
      eventId: 'e',
      type: 'everhook.test',
      payload: {},
      occurredAt: null,
      webhookId: null,
      channel: null,
    };
    const { toStart } = await publisher.events.publish(tenantId, [event], within);
    expect(toStart).toEqual([]);
    throw new Error('undone');
  });
  await expect(undone).rejects.toThrow('undone');
  expect(await receivers(tenantId)).toEqual([webhook.id]);
});
