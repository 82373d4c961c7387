import { Webhook } from 'standardwebhooks';
import { newSigningSecret } from '../../../src/domain/signing/standard-webhooks';
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
async function send({ id, at = new Date(), signedWith = secret, signedBody = '{"a":1}' }: Sent): Promise<number> {
  const response = await fetch(receiver.url, {
    method: 'POST',
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      // As in the grace period of a rotation: any of several may be the right one.
      'webhook-signature': `v1,AAAA ${new Webhook(signedWith).sign(id, at, signedBody)}`,
    },
    body: '{"a":1}',
  });
  return response.status;
}

test('the flaky one is down for the first two attempts of each event', async () => {
  receiver = await startReceiver(flaky);
  receiver.expectSecret(secret);
  const answers = [];
  for (const id of ['one', 'one', 'other', 'one', 'other', 'other', 'one']) answers.push(await send({ id }));
  expect(answers).toEqual([503, 503, 503, 200, 503, 200, 200]);
  expect(receiver.requests[3]).toEqual({ eventId: 'one', signatureValid: true, status: 200 });
});

test.each<[string, Sent]>([
  ['of another secret', { id: 'x', signedWith: newSigningSecret().reveal() }],
  ['of another body', { id: 'x', signedBody: '{"a":2}' }],
  ['that is too old', { id: 'x', at: new Date(Date.now() - 301_000) }],
  ['from the future', { id: 'x', at: new Date(Date.now() + 310_000) }],
])('a signature %s is refused and counted', async (_what, sent) => {
  receiver = await startReceiver(healthy);
  receiver.expectSecret(secret);
  expect(await send(sent)).toBe(401);
  expect(receiver.requests).toEqual([{ eventId: 'x', signatureValid: false, status: 401 }]);
});

test('without headers, or before the secret is known, nothing is valid', async () => {
  receiver = await startReceiver(healthy);
  expect(await send({ id: 'x' })).toBe(401);
  receiver.expectSecret(secret);
  expect((await fetch(receiver.url, { method: 'POST', body: '{}' })).status).toBe(401);
  expect(await send({ id: 'x' })).toBe(200);
});

test('nobody answers at the dead one', async () => {
  receiver = await deadReceiver();
  await expect(fetch(receiver.url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
});
