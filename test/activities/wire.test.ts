import { createHash, createPublicKey } from 'node:crypto';
import { createVerifier, httpbis } from 'http-message-signatures';
import { Webhook } from 'standardwebhooks';
import { isUuid } from '../../src/domain/ids';
import type { PublicJwk } from '../../src/domain/signing/jwk';
import { newSigningSecret } from '../../src/domain/signing/standard-webhooks';
import type { Contract } from '../../src/domain/webhook';
import { entry } from '../store/stores';
import { startRawReceiver, type Receiver } from '../support/receivers';
import { openEngine, type Engine } from './engine';

let engine: Engine;
let target: Receiver;
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
});

afterAll(async () => {
  await target.close();
  await engine.close();
});

interface RawRequest {
  requestLine: string;
  headers: [name: string, value: string][];
  body: Buffer;
}

/** What each contract is asked to send. */
const sent: Record<Exclude<Contract, 'tyk'>, { type: string; more?: object; settings?: { type: string } }> = {
  everhook: { type: 'OpenIdCredentialIssued' },
  sovrin: { type: 'OpenIdCredentialIssued' },
  iceye: { type: 'purchase.delivered' },
  celcoin: { type: 'consent:approved', more: { type: 'DATA' }, settings: { type: 'DATA' } },
};

async function sentBy(contract: keyof typeof sent, rest: Parameters<Engine['deliveryTo']>[1] = {}, path = '/hook') {
  const signingSecret = newSigningSecret();
  const { type, more = {}, settings = {} } = sent[contract];
  const delivery = await engine.deliveryTo(
    `${target.url}${path}`,
    { contract, signingSecret, events: [type], settings, ...rest },
    { type, payload: { credentialId: 'ä☃', ...more }, occurredAt: new Date('2026-01-15T09:30:00Z') },
  );
  captured.length = 0;
  const { outcome } = await engine.worker({ allow: [target] }).attemptDelivery(delivery.request());
  expect(outcome).toEqual({ kind: 'delivered' });
  const [bytes, ...others] = captured;
  expect(others).toEqual([]);
  return { request: parse(bytes ?? Buffer.alloc(0)), delivery, signingSecret };
}

function parse(bytes: Buffer): RawRequest {
  const end = bytes.indexOf('\r\n\r\n');
  const [requestLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return { requestLine, headers, body: bytes.subarray(end + 4) };
}

const header = (request: RawRequest, name: string) => Object.fromEntries(request.headers)[name];

/** A receiver that knows the published key set and nothing else of us. */
async function verifies(request: RawRequest): Promise<boolean> {
  const published = await engine.stores.messageSigningKeys.published(new Date());
  const jwks: PublicJwk[] = published.map(({ publicJwk }) => publicJwk);
  const digest = createHash('sha256').update(request.body).digest('base64');
  if (header(request, 'content-digest') !== `sha-256=:${digest}:`) return false;
  const [method = '', path = ''] = request.requestLine.split(' ');
  const result = await httpbis.verifyMessage(
    {
      requiredFields: ['@request-target', '@method', 'content-digest'],
      requiredParams: ['created', 'keyid'],
      keyLookup: async ({ keyid }) => {
        const jwk = jwks.find(({ kid }) => kid === keyid);
        if (!jwk) return null;
        const pem = createPublicKey({ key: { ...jwk }, format: 'jwk' }).export({ format: 'pem', type: 'spki' });
        return { id: jwk.kid, algs: ['ed25519'], verify: createVerifier(pem.toString(), 'ed25519') };
      },
    },
    { method, url: `${target.url}${path}`, headers: Object.fromEntries(request.headers) },
  );
  return result === true;
}

describe.each(['everhook', 'sovrin', 'iceye', 'celcoin'] as const)(
  'the bytes of a request of the %s contract',
  (contract) => {
    it('are a POST over HTTP/1.1 with each header once', async () => {
      const { request } = await sentBy(contract, {}, '/hook/%C3%A4');
      expect(request.requestLine).toBe('POST /hook/%C3%A4 HTTP/1.1');
      const names = request.headers.map(([name]) => name);
      expect(new Set(names).size).toBe(names.length);
      expect(header(request, 'content-type')).toBe('application/json');
      expect(header(request, 'content-length')).toBe(String(request.body.length));
      expect(header(request, 'host')).toBe(new URL(target.url).host);
      expect(header(request, 'user-agent')).toMatch(/^Everhook\//);
      expect(header(request, 'accept-encoding')).toBe('identity');
      expect(names).not.toContain('transfer-encoding');
      expect(names).not.toContain('traceparent');
    });

    it('have a Standard Webhooks signature of this moment that its library verifies', async () => {
      const { request, delivery, signingSecret } = await sentBy(contract);
      const headers = Object.fromEntries(request.headers);
      expect(() => new Webhook(signingSecret.reveal()).verify(request.body, headers)).not.toThrow();
      expect(headers['webhook-id']).toBe(delivery.eventId);
      expect(Math.abs(Number(headers['webhook-timestamp']) - Date.now() / 1_000)).toBeLessThan(10);
      const altered = Buffer.from(request.body.toString().replace('ä', 'a'));
      expect(() => new Webhook(signingSecret.reveal()).verify(altered, headers)).toThrow();
    });

    it('have a signature of each secret during a rotation', async () => {
      const [old, rotated] = [newSigningSecret(), newSigningSecret()];
      const { type, more = {}, settings = {} } = sent[contract];
      const webhook = { contract, signingSecret: old, events: ['*'], settings };
      const delivery = await engine.deliveryTo(target.url, webhook, { type, payload: { ...more } });
      const rotation = entry(engine.tenantId, 'webhook.rotate');
      await engine.stores.webhooks.rotateSecret(engine.tenantId, delivery.webhookId, rotated, 60, rotation);
      captured.length = 0;
      await engine.worker({ allow: [target] }).attemptDelivery(delivery.request());
      const request = parse(captured[0] ?? Buffer.alloc(0));
      const headers = Object.fromEntries(request.headers);
      expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
      for (const secret of [old, rotated]) {
        expect(() => new Webhook(secret.reveal()).verify(request.body, headers)).not.toThrow();
      }
    });
  },
);

describe('a request of the everhook contract', () => {
  it('has the body of Standard Webhooks', async () => {
    const { request } = await sentBy('everhook');
    expect(request.body.toString()).toBe(
      '{"type":"OpenIdCredentialIssued","timestamp":"2026-01-15T09:30:00.000Z","data":{"credentialId":"ä☃"}}',
    );
  });
});

describe('a request of the sovrin contract', () => {
  it('has the body and headers of its guide, to the key', async () => {
    const { request, delivery } = await sentBy('sovrin');
    const body = JSON.parse(request.body.toString()) as Record<string, unknown>;
    expect(body).toEqual({
      deliveryId: expect.any(String),
      deliveryTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      webhookId: delivery.webhookId,
      event: {
        id: delivery.eventId,
        type: 'OpenIdCredentialIssued',
        payload: { credentialId: 'ä☃' },
        timestamp: '2026-01-15T09:30:00.000Z',
      },
    });
    expect(isUuid(String(body.deliveryId))).toBe(true);
    expect(header(request, 'x-sovrin-webhook-id')).toBe(delivery.webhookId);
    expect(header(request, 'x-sovrin-event-type')).toBe('OpenIdCredentialIssued');
  });

  it('is verified by http-message-signatures from its bytes and the published key, and no altered one is', async () => {
    const headers = { 'X-Team': 'a  b', 'x-api-key': 'value' };
    const { request } = await sentBy('sovrin', { headers }, '/hook/%C3%A4');
    expect(await verifies(request)).toBe(true);
    const { body, requestLine, headers: sent } = request;
    const replaced = (name: string, value: string) => ({
      ...request,
      headers: sent.map(([key, old]): [string, string] => [key, key === name ? value : old]),
    });
    expect(await verifies({ ...request, body: Buffer.from(body.toString().replace('ä', 'a')) })).toBe(false);
    expect(await verifies({ ...request, requestLine: requestLine.replace('/hook', '/other') })).toBe(false);
    for (const name of ['host', 'x-team', 'x-api-key', 'webhook-id', 'x-sovrin-webhook-id', 'x-sovrin-event-type']) {
      expect(await verifies(replaced(name, 'altered')).catch(() => false)).toBe(false);
    }
  });

  it('covers the request target, the method, the digest, and every header that no intermediary may change, in order', async () => {
    const { request } = await sentBy('sovrin', { headers: { 'X-Team': 'billing' } });
    const input = header(request, 'signature-input') ?? '';
    const [, list = ''] = /^sig1=\(([^)]*)\);created=\d+;keyid="[^"]+"$/.exec(input) ?? [];
    const covered = list.split(' ').map((quoted) => quoted.slice(1, -1));
    expect(covered.slice(0, 3)).toEqual(['@request-target', '@method', 'content-digest']);
    const uncovered = new Set([
      'accept-encoding',
      'connection',
      'content-digest',
      'content-length',
      'signature',
      'signature-input',
    ]);
    const expected = request.headers.map(([name]) => name).filter((name) => !uncovered.has(name));
    expect(covered.slice(3)).toEqual(expected.sort());
  });
});
