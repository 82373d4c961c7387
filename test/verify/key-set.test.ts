import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { newSigningKeyPair } from '../../src/domain/signing/jwk';
import { fetchedKeys } from '../../src/verify';
import { startReceiver, type HttpReceiver } from '../support/receivers';

const [first, second] = [newSigningKeyPair(), newSigningKeyPair()];
let server: HttpReceiver;
let answer: (response: ServerResponse) => void;

const publish =
  (...keys: object[]) =>
  (response: ServerResponse) =>
    void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }));

beforeAll(async () => {
  server = await startReceiver((_request, response) => answer(response));
});
afterAll(() => server.close());
beforeEach(() => {
  server.requests.length = 0;
  answer = publish(first.publicJwk);
});

const keysAt = (options = {}) => fetchedKeys(`${server.url}/v1/webhooks/jwks`, options);

it('a set is fetched when it is first asked for, once for many at the same time, and kept', async () => {
  const keys = keysAt();
  expect(server.requests).toEqual([]);
  const found = await Promise.all([1, 2, 3].map(() => keys.find(first.kid)));
  expect(found.map((key) => key?.export({ format: 'jwk' }).x)).toEqual(Array(3).fill(first.publicJwk.x));
  await keys.find(first.kid);
  expect(server.requests).toMatchObject([{ method: 'GET', path: '/v1/webhooks/jwks' }]);
});

it('an unknown kid fetches again, and finds a key that was published meanwhile', async () => {
  const keys = keysAt({ refreshAfterMs: 0 });
  expect(await keys.find(second.kid)).toBeUndefined();
  answer = publish(first.publicJwk, second.publicJwk);
  expect(await keys.find(second.kid)).toBeDefined();
  expect(server.requests).toHaveLength(2);
});

it('made-up kids cause no fetch after each other', async () => {
  const keys = keysAt();
  await keys.find(first.kid);
  for (const kid of ['x', 'y', 'z']) expect(await keys.find(kid)).toBeUndefined();
  expect(server.requests).toHaveLength(1);
});

it('an old set is fetched again, and a key that is gone is not known any more', async () => {
  const keys = keysAt({ maxAgeMs: 0, refreshAfterMs: 0 });
  expect(await keys.find(first.kid)).toBeDefined();
  answer = publish(second.publicJwk);
  expect(await keys.find(first.kid)).toBeUndefined();
});

it.each<[string, (response: ServerResponse) => void]>([
  ['500', (response) => response.writeHead(500).end()],
  ['a page', (response) => response.end('<html>')],
  ['another document', (response) => response.end('{"keys":{}}')],
  ['a set of what are no keys', (response) => response.end('{"keys":[1]}')],
  ['a redirect', (response) => response.writeHead(302, { location: '/elsewhere' }).end()],
  ['too much', (response) => response.end(`{"keys":[],"x":"${'x'.repeat(300_000)}"}`)],
  ['a hang-up', (response) => void response.destroy()],
  ['nothing in time', () => {}],
])('an answer that is %s is keys_unavailable, but what was fetched before is still used', async (_what, respond) => {
  const fresh = keysAt({ timeoutMs: 200 });
  answer = respond;
  await expect(fresh.find(first.kid)).rejects.toMatchObject({ code: 'keys_unavailable', status: 503 });

  const kept = keysAt({ timeoutMs: 200, maxAgeMs: 0, refreshAfterMs: 0 });
  answer = publish(first.publicJwk);
  await kept.find(first.kid);
  answer = respond;
  expect(await kept.find(first.kid)).toBeDefined();
  await expect(kept.find(second.kid)).rejects.toMatchObject({ code: 'keys_unavailable' });
});

it('a server that fails is asked again only after a while', async () => {
  const keys = keysAt({ refreshAfterMs: 50 });
  answer = (response) => response.writeHead(500).end();
  await expect(keys.find(first.kid)).rejects.toMatchObject({ code: 'keys_unavailable' });
  await expect(keys.find(first.kid)).rejects.toMatchObject({ code: 'keys_unavailable' });
  expect(server.requests).toHaveLength(1);
  answer = publish(first.publicJwk);
  await sleep(60);
  expect(await keys.find(first.kid)).toBeDefined();
});

it('keys of other kinds in the set are left out', async () => {
  answer = publish(
    { kty: 'RSA', kid: 'rsa' },
    { ...first.publicJwk, kid: 'short', x: 'AA' },
    { ...first.publicJwk, kid: 7 },
    first.publicJwk,
  );
  const keys = keysAt();
  expect(await keys.find(first.kid)).toBeDefined();
  for (const kid of ['rsa', 'short']) expect(await keys.find(kid)).toBeUndefined();
});

it.each(['http://keys.example/jwks', 'ftp://localhost/jwks', 'http://127.0.0.1.evil.example/jwks'])(
  'keys are not fetched from %s',
  (url) => {
    expect(() => fetchedKeys(url)).toThrow(TypeError);
  },
);
