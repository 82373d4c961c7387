import { connect } from 'node:net';
import { startTestApi, type TestApi, type TestClient } from '../support/api';

let api: TestApi;
let client: TestClient;

beforeAll(async () => {
  api = await startTestApi();
  client = await api.newClient();
});
afterAll(() => api.close());

const publish = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  api.call('POST', '/api/v1/events', { token: client.token, body, headers });
const good = JSON.stringify({ type: 'everhook.test', payload: {} });

/** Sends bytes as they are and reads to the end of the connection. */
function raw(request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname, () => socket.write(request));
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.on('end', () => resolve(text)).on('error', reject);
  });
}

describe('the content type of a body', () => {
  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;Charset="UTF-8"'])(
    'may be %s',
    async (type) => {
      expect((await publish(good, { 'Content-Type': type })).status).toBe(202);
    },
  );

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=iso-8859-1',
    'application/json; charset=utf-16',
    'application/jsonp',
    'application/merge-patch+json',
    'multipart/form-data; boundary=x',
  ])('may not be %s', async (type) => {
    const answer = await publish(good, { 'Content-Type': type });
    expect(answer.status).toBe(415);
    expect(answer.json).toMatchObject({ type: '/problems/unsupported-media-type', status: 415 });
  });

  it('must be there', async () => {
    const text = await raw(
      `POST /api/v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${client.token}\r\n` +
        `Content-Length: ${good.length}\r\n\r\n${good}`,
    );
    expect(text).toMatch(/^HTTP\/1.1 415 /);
  });
});

describe('a body', () => {
  it('may not be compressed', async () => {
    expect((await publish(good, { 'Content-Encoding': 'gzip' })).status).toBe(415);
    expect((await publish(good, { 'Content-Encoding': 'identity' })).status).toBe(202);
  });

  it('must be there', async () => {
    const answer = await api.call('POST', '/api/v1/events', { token: client.token });
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ detail: 'The request needs a JSON body.' });
  });

  it('must be valid UTF-8', async () => {
    const bytes = Buffer.concat([Buffer.from('{"type":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    const answer = await publish(bytes);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ detail: 'The body is not valid UTF-8.' });
  });

  it.each([
    ['no JSON', '{'],
    ['an array', '[]'],
    ['a key twice', '{"type":"everhook.test","type":"everhook.test","payload":{}}'],
    ['__proto__', '{"type":"everhook.test","payload":{"__proto__":{}}}'],
    ['NUL', '{"type":"everhook.test","payload":{"a":"\\u0000"}}'],
    ['a lone surrogate', '{"type":"everhook.test","payload":{"a":"\\ud800"}}'],
    ['too many digits', '{"type":"everhook.test","payload":{"a":9007199254740993}}'],
    ['too many levels', `{"type":"everhook.test","payload":${'{"a":'.repeat(64)}1${'}'.repeat(65)}`],
  ])('is refused for %s', async (_what, body) => {
    const answer = await publish(body);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ type: '/problems/malformed-request' });
  });

  it('says where the problem is', async () => {
    const answer = await publish('{"type":"everhook.test","payload":{"a/b":[{"id":9007199254740993}]}}');
    expect(answer.json).toMatchObject({
      errors: [{ pointer: '/payload/a~1b/0/id', message: expect.stringContaining('send it as a string') as string }],
    });
  });

  const padded = (bytes: number) => {
    const empty = JSON.stringify({ type: 'everhook.test', payload: { a: '' } });
    return JSON.stringify({ type: 'everhook.test', payload: { a: 'x'.repeat(bytes - empty.length) } });
  };

  it('may have 256 KiB and not a byte more', async () => {
    expect((await publish(padded(256 * 1024))).status).toBe(202);
    const answer = await publish(padded(256 * 1024 + 1));
    expect(answer.status).toBe(413);
    expect(answer.json).toMatchObject({ type: '/problems/payload-too-large' });
  });

  it('is counted while it comes where its length is not announced', async () => {
    const text = await raw(
      `POST /api/v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${client.token}\r\n` +
        'Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n' +
        `${(300 * 1024).toString(16)}\r\n${'x'.repeat(300 * 1024)}\r\n0\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1.1 413 /);
  });

  it('of a batch may have 5 MiB', async () => {
    const event = { type: 'everhook.test', payload: { message: 'x'.repeat(4_000) } };
    const events = Array.from({ length: 1000 }, () => event);
    const batch = (body: unknown) => api.call('POST', '/api/v1/events/batch', { token: client.token, body });
    expect((await batch({ events })).status).toBe(202);
    const large = { type: 'everhook.test', payload: { message: 'x'.repeat(6_000) } };
    expect((await batch({ events: events.map(() => large) })).status).toBe(413);
  });

  it('is not asked for before the caller is known', async () => {
    const answer = await api.call('POST', '/api/v1/events', { body: '{', headers: { 'Content-Type': 'text/plain' } });
    expect(answer.status).toBe(401);
  });
});

describe('a request that is no HTTP', () => {
  it('gets a bare 400 with a request id, and a header that is too large a bare 431', async () => {
    expect(await raw('GARBAGE\r\n\r\n')).toMatch(
      /^HTTP\/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\nX-Request-Id: [0-9a-f-]{36}\r\n\r\n$/,
    );
    expect(await raw(`GET /livez HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431 /);
  });
});
