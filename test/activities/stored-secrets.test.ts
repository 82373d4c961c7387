import { randomBytes } from 'node:crypto';
import { createKeyring, parseEncryptionKeys } from '../../src/platform/keyring';
import { createWebhookStore } from '../../src/store/webhooks';
import { canary } from '../store/stores';
import { startReceiver, type Receiver } from '../support/receivers';
import { openEngine, type Engine } from './engine';

let engine: Engine;
let receiver: Receiver;
let requests = 0;

beforeAll(async () => {
  engine = await openEngine();
  receiver = await startReceiver((_request, response) => {
    requests += 1;
    response.writeHead(204).end();
  });
});
beforeEach(() => (requests = 0));
afterAll(async () => {
  await receiver.close();
  await engine.close();
});

const delivery = () =>
  engine.deliveryTo(`${receiver.url}/hook`, {
    auth: { type: 'basic', username: 'user', password: canary().secret },
    headers: { 'X-Api-Key': canary().text },
  });

/** A first attempt; nothing of it may be recorded when our own secrets are the trouble. */
async function attempt(
  { request, attempts, stored }: Awaited<ReturnType<typeof delivery>>,
  worker = engine.worker({ allow: [receiver] }),
) {
  const failure: unknown = await worker.attemptDelivery(request()).catch((error: unknown) => error);
  return { failure, attempts: await attempts(), status: (await stored())?.status };
}

const secretsOf = (webhookId: string, field: string) =>
  engine.stores.database('webhook_secrets').where({ tenant_id: engine.tenantId, webhook_id: webhookId, field });

it.each(['signing', 'auth', 'header:x-api-key'])(
  "a %s secret put in the place of another webhook's stops both deliveries: nothing is sent or counted",
  async (field) => {
    const [one, other] = [await delivery(), await delivery()];
    const [mine, theirs] = await Promise.all(
      [one, other].map(({ webhookId }) => secretsOf(webhookId, field).first<{ ciphertext: string }>('ciphertext')),
    );
    await secretsOf(one.webhookId, field).update({ ciphertext: theirs?.ciphertext });
    await secretsOf(other.webhookId, field).update({ ciphertext: mine?.ciphertext });

    for (const swapped of [one, other]) {
      const { failure, ...left } = await attempt(swapped);
      expect(failure).toMatchObject({ name: 'DecryptionError', message: 'a stored secret does not decrypt here' });
      expect(left).toEqual({ attempts: [], status: 'pending' });
    }
    expect(requests).toBe(0);

    await secretsOf(one.webhookId, field).update({ ciphertext: mine?.ciphertext });
    expect(await attempt(one)).toMatchObject({ failure: { outcome: { kind: 'delivered' } }, status: 'delivered' });
    expect(requests).toBe(1);
  },
);

it('a secret under a key that this worker has not waits for it, and says which', async () => {
  const waiting = await delivery();
  const keyring = createKeyring(parseEncryptionKeys(`other:${randomBytes(32).toString('base64')}`));
  const webhooks = createWebhookStore(engine.stores.database, keyring, engine.stores.audit);
  const { failure, ...left } = await attempt(waiting, engine.worker({ allow: [receiver], webhooks }));
  expect(failure).toMatchObject({
    name: 'UnknownEncryptionKeyError',
    message: 'no encryption key test in ENCRYPTION_KEYS',
  });
  expect(left).toEqual({ attempts: [], status: 'pending' });
  expect(requests).toBe(0);
  expect(await attempt(waiting)).toMatchObject({ failure: { outcome: { kind: 'delivered' } } });
});
