import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import type { JsonObject } from '../../src/domain/event';
import { profiles } from '../../src/domain/profiles';
import type { Secret } from '../../src/domain/secret';
import { newSigningSecret } from '../../src/domain/signing/standard-webhooks';
import { contracts, type Contract } from '../../src/domain/webhook';
import { fetchedKeys, verifySovrin, verifyStandardWebhooks, verifyTyk } from '../../src/verify';
import { openEngine, type Engine } from '../activities/engine';
import { startRawReceiver, startReceiver, type HttpReceiver, type Receiver } from '../support/receivers';

let engine: Engine;
let worker: ReturnType<Engine['worker']>;
let target: Receiver;
let keyServer: HttpReceiver;
/** Every request as the bytes that came over the socket. */
const captured: Buffer[] = [];

beforeAll(async () => {
  engine = await openEngine();
  target = await startRawReceiver((socket) => {
    let bytes = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      bytes = Buffer.concat([bytes, chunk]);
      const head = bytes.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(bytes.subarray(0, head).toString())?.[1]);
      if (head < 0 || bytes.length < head + 4 + length) return;
      captured.push(bytes);
      socket.end('HTTP/1.1 204 No Content\r\n\r\n');
    });
  });
  worker = engine.worker({ allow: [target] });
  keyServer = await startReceiver((_request, response) => {
    void engine.stores.messageSigningKeys.published(new Date()).then((published) => {
      response.end(JSON.stringify({ keys: published.map(({ publicJwk }) => publicJwk) }));
    });
  });
});

afterAll(async () => {
  await Promise.all([target.close(), keyServer.close()]);
  await engine.close();
});

interface Captured {
  method: string;
  path: string;
  /** Read from the socket by a few lines of this test and nothing else. */
  headers: Record<string, string>;
  body: Buffer;
  secret: Secret;
  eventId: string;
  webhookId: string;
}

/** What only some contracts need of an event. */
const settings = (contract: Contract) => (contract === 'celcoin' ? { type: 'DATA' } : {});

async function deliver(contract: Contract, payload: JsonObject): Promise<Captured> {
  const secret = newSigningSecret();
  const delivery = await engine.deliveryTo(
    `${target.url}/hooks/%C3%A4`,
    { contract, signingSecret: secret, settings: settings(contract) },
    { payload: { ...payload, ...settings(contract) }, occurredAt: new Date('2026-01-15T09:30:00Z') },
  );
  captured.length = 0;
  const { outcome } = await worker.attemptDelivery(delivery.request());
  expect(outcome).toEqual({ kind: 'delivered' });
  expect(captured).toHaveLength(1);
  const bytes = captured[0] ?? Buffer.alloc(0);
  const end = bytes.indexOf('\r\n\r\n');
  const [requestLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const [method = '', path = ''] = requestLine.split(' ');
  const headers = Object.fromEntries(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const { eventId, webhookId } = delivery;
  return { method, path, headers, body: bytes.subarray(end + 4), secret, eventId, webhookId };
}

const sovrinRequest = ({ method, path, headers, body, webhookId }: Captured) => ({
  method,
  url: path,
  headers,
  body,
  host: new URL(target.url).host,
  webhookIds: webhookId,
  keys: fetchedKeys(`${keyServer.url}/v1/webhooks/jwks`),
});

describe.each(contracts)('a real delivery of the %s contract', (contract) => {
  it('is verified by everhook/verify, and no altered one is', async () => {
    const example = profiles[contract].eventTypes.find(({ example }) => example)?.example ?? {};
    const request = await deliver(contract, example);
    const { headers, body, secret, eventId } = request;
    const secrets = secret.reveal();
    const event = verifyStandardWebhooks({ headers, body, secrets });
    const payload = { ...example, ...settings(contract) };
    expect(event).toMatchObject({ id: eventId, type: profiles[contract].eventTypes[0]?.name, payload });
    if (contract === 'celcoin') expect(Math.abs(event.timestamp.getTime() - Date.now())).toBeLessThan(10_000);
    else expect(event.timestamp).toEqual(new Date('2026-01-15T09:30:00Z'));

    const altered = Buffer.from(body);
    altered.writeUInt8(altered.readUInt8(altered.length - 3) ^ 1, altered.length - 3);
    expect(() => verifyStandardWebhooks({ headers, body: altered, secrets })).toThrow('no webhook-signature');
    const another = newSigningSecret().reveal();
    expect(() => verifyStandardWebhooks({ headers, body, secrets: another })).toThrow('no webhook-signature');
  });

  it('signs byte for byte what is sent, for any JSON payload', async () => {
    const payloads = fc.dictionary(
      fc.string({ unit: 'binary' }).filter((key) => !/[\0\ud800-\udfff]/u.test(key) && key !== '__proto__'),
      fc.jsonValue(),
    );
    await fc.assert(
      fc.asyncProperty(payloads, async (payload) => {
        const request = await deliver(contract, payload);
        const { headers, body, secret } = request;
        expect(headers['content-length']).toBe(String(body.length));
        // Other libraries than ours, on the bytes of the socket.
        new Webhook(secret.reveal()).verify(body, headers, { jsonParse: false });
        if (contract === 'tyk') {
          const expected = createHmac('sha256', secret.reveal()).update(body).digest('hex');
          expect(headers['x-signature-sha256']).toBe(expected);
        }
        if (contract === 'sovrin') await verifySovrin(sovrinRequest(request));
        const event = verifyStandardWebhooks({ headers, body, secrets: secret.reveal() });
        expect(event.payload).toEqual(JSON.parse(JSON.stringify({ ...payload, ...settings(contract) })));
      }),
      { numRuns: 20 },
    );
  }, 60_000);
});

it('a real delivery of the tyk contract is verified by its own signature', async () => {
  const { headers, body, secret } = await deliver('tyk', { ID: 7 });
  expect(verifyTyk({ headers, body, secrets: secret.reveal() })).toMatchObject({ payload: { ID: 7 } });
  expect(() => verifyTyk({ headers, body, secrets: newSigningSecret().reveal() })).toThrow('x-signature-sha256');
});

it('a real delivery of the sovrin contract is verified with the published keys, and by its receiver alone', async () => {
  const request = await deliver('sovrin', { name: 'Zoë' });
  expect(await verifySovrin(sovrinRequest(request))).toMatchObject({ id: request.eventId, payload: { name: 'Zoë' } });
  const refused = (rest: Partial<Parameters<typeof verifySovrin>[0]>) =>
    expect(verifySovrin({ ...sovrinRequest(request), ...rest })).rejects;
  await refused({ host: 'other.example' }).toMatchObject({ code: 'signature_mismatch' });
  await refused({ url: '/hooks' }).toMatchObject({ code: 'signature_mismatch' });
  await refused({ method: 'PUT' }).toMatchObject({ code: 'signature_mismatch' });
  await refused({ webhookIds: 'another' }).toMatchObject({ code: 'wrong_webhook' });
  await refused({ now: new Date(Date.now() + 302_000) }).toMatchObject({ code: 'timestamp_too_old' });
});
