import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { newSigningSecret } from '../../../src/domain/signing/standard-webhooks';
import { byStandardWebhooks, byTyk } from '../../../src/cli/demo/verifications';
import { deadReceiver, flaky, healthy, startReceiver, type DemoReceiver } from '../../../src/cli/demo/receivers';

const secret = newSigningSecret().reveal();
let receiver: DemoReceiver;
afterEach(() => receiver.close());

interface Sent {
  id: string;
  at?: Date;
  signedWith?: string;
  signedBody?: string;
}

/** Sends as an independent implementation of Standard Webhooks signs. */
async function send({
  id,
  at = new Date(),
  signedWith = secret,
  signedBody = '{"type":"a","data":{}}',
}: Sent): Promise<number> {
  const response = await fetch(receiver.url, {
    method: 'POST',
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      // As in the grace period of a rotation: any of several may be the right one.
      'webhook-signature': `v1,AAAA ${new Webhook(signedWith).sign(id, at, signedBody)}`,
    },
    body: '{"type":"a","data":{}}',
  });
  return response.status;
}

test('the flaky one is down for the first two attempts of each event', async () => {
  receiver = await startReceiver(flaky);
  receiver.expect(byStandardWebhooks(secret));
  const answers = [];
  for (const id of ['one', 'one', 'other', 'one', 'other', 'other', 'one']) answers.push(await send({ id }));
  expect(answers).toEqual([503, 503, 503, 200, 503, 200, 200]);
  expect(receiver.requests[3]).toMatchObject({ eventId: 'one', signatureValid: true, status: 200 });
});

test.each<[string, Sent]>([
  ['of another secret', { id: 'x', signedWith: newSigningSecret().reveal() }],
  ['of another body', { id: 'x', signedBody: '{"type":"b","data":{}}' }],
  ['that is too old', { id: 'x', at: new Date(Date.now() - 301_000) }],
  ['from the future', { id: 'x', at: new Date(Date.now() + 310_000) }],
])('a signature %s is refused and counted', async (_what, sent) => {
  receiver = await startReceiver(healthy);
  receiver.expect(byStandardWebhooks(secret));
  expect(await send(sent)).toBe(401);
  expect(receiver.requests).toMatchObject([{ eventId: 'x', signatureValid: false, status: 401 }]);
});

test('without headers, or before the secret is known, nothing is valid', async () => {
  receiver = await startReceiver(healthy);
  expect(await send({ id: 'x' })).toBe(401);
  receiver.expect(byStandardWebhooks(secret));
  expect((await fetch(receiver.url, { method: 'POST', body: '{}' })).status).toBe(401);
  expect(await send({ id: 'x' })).toBe(200);
});

test("Tyk's signature alone is not enough: it says nothing about the time", async () => {
  receiver = await startReceiver(healthy);
  receiver.expect(byTyk(secret));
  const body = '{"Event":"UserRegistered","Message":{},"Timestamp":"2026-01-15T09:30:00Z"}';
  const tyk = { 'x-signature-sha256': createHmac('sha256', secret).update(body).digest('hex') };
  const post = (headers: Record<string, string>) =>
    fetch(receiver.url, { method: 'POST', headers, body }).then(({ status }) => status);
  const now = new Date();
  const standard = {
    'webhook-id': 'x',
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign('x', now, body),
  };
  expect(await post(tyk)).toBe(401);
  expect(await post(standard)).toBe(401);
  expect(await post({ ...tyk, ...standard })).toBe(200);
});

test('nobody answers at the dead one', async () => {
  receiver = await deadReceiver();
  await expect(fetch(receiver.url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
});
