import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { startTestApi, type TestApi, type TestClient } from '../support/api';
import { eventually } from '../support/everhook';

// Every client and the server are in this one process, and the machine may have other work.
jest.setTimeout(120_000);
const timeouts = { headers: 6_000, request: 6_000, rejectedBody: 500, answer: 6_000, idle: 6_000, check: 250 };
const answeredWithinMs = 4_000;
const slackMs = 60_000;

let api: TestApi;
let client: TestClient;
beforeAll(async () => {
  api = await startTestApi({ timeouts });
  client = await api.newClient();
  const webhook = { targetUrl: 'https://example.com/', events: ['everhook.test'] };
  await api.call('POST', '/api/v1/webhooks', { token: client.token, body: webhook });
});
afterAll(() => api.close());

const started: SlowClient[] = [];
afterEach(() => started.splice(0).forEach((one) => one.end()));

const connections = async () => {
  const gauge = await api.registry.getSingleMetric('http_connections')?.get();
  return gauge?.values[0]?.value ?? 0;
};

/** A client that says `begin`, then a byte every now and then, or nothing more, and reads as it likes. */
class SlowClient {
  readonly socket: Socket;
  readonly isCut: Promise<string>;
  private readonly dripping: NodeJS.Timeout | undefined;

  constructor(begin: string, { drip, reads }: { drip: string; reads: boolean }) {
    this.socket = connect(Number(new URL(api.url).port), '127.0.0.1', () => this.socket.write(begin));
    let received = '';
    this.socket.on('error', () => {});
    if (reads) this.socket.setEncoding('latin1').on('data', (chunk: string) => (received += chunk));
    else this.socket.pause();
    started.push(this);
    this.isCut = new Promise((resolve) => this.socket.once('close', () => resolve(received)));
    if (drip !== '') this.dripping = setInterval(() => this.socket.writable && this.socket.write(drip), 200);
  }

  end(): void {
    clearInterval(this.dripping);
    this.socket.destroy();
  }
}

const head = (line: string) => `${line} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${client.token}\r\n`;
const kinds = {
  'says nothing': () => new SlowClient('', { drip: '', reads: true }),
  'drips its headers': () => new SlowClient(head('GET /api/v1/webhooks'), { drip: 'X-A: b\r\n', reads: true }),
  'drips its body': () =>
    new SlowClient(`${head('POST /api/v1/events')}Content-Type: application/json\r\nContent-Length: 9999\r\n\r\n{`, {
      drip: ' ',
      reads: true,
    }),
  'drips a body that nobody wants': () =>
    new SlowClient('POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n', {
      drip: ' ',
      reads: true,
    }),
  // 6 MB: more than a kernel keeps for a client.
  'never reads': () =>
    new SlowClient(`${head('GET /docs/swagger-ui-bundle.js')}\r\n`.repeat(4), { drip: '', reads: false }),
} satisfies Record<string, () => SlowClient>;

async function timed(call: () => Promise<{ status: number }>, status: number): Promise<number> {
  const startedAt = performance.now();
  expect((await call()).status).toBe(status);
  return performance.now() - startedAt;
}

it('200 slow clients of every kind keep nobody waiting, and are cut off in time', async () => {
  const slow = Object.values(kinds).flatMap((start) => Array.from({ length: 40 }, start));
  expect(slow).toHaveLength(200);
  await Promise.all(slow.map(({ socket }) => once(socket, 'connect')));
  const startedAt = performance.now();

  const took: number[] = [];
  const publish = { token: client.token, body: { type: 'everhook.test', payload: {} } };
  do {
    took.push(await timed(() => api.call('GET', '/livez'), 200));
    took.push(await timed(() => api.call('POST', '/api/v1/events', publish), 202));
  } while (performance.now() - startedAt < timeouts.headers);
  expect(Math.max(...took)).toBeLessThan(answeredWithinMs);

  // What is left then is the connection of the calls above.
  await eventually(connections, (count) => count <= 2, slackMs);
});

it('those who read are told why, as far as HTTP has a word for it', async () => {
  const answer = async (one: SlowClient) => (await one.isCut).split(' ')[1];
  const kept = new SlowClient('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n', { drip: '', reads: true });
  const told = await Promise.all([
    answer(kinds['says nothing']()),
    answer(kinds['drips its headers']()),
    answer(kinds['drips its body']()),
    answer(kinds['drips a body that nobody wants']()),
    // One that is kept for a request that never comes.
    answer(kept),
  ]);
  expect(told).toEqual(['408', '408', '408', '401', '200']);
});

it('a slow one who takes the answer bit by bit within its time gets all of it', async () => {
  const one = new SlowClient(`${head('GET /openapi.json')}Connection: close\r\n\r\n`, { drip: '', reads: false });
  let received = '';
  one.socket.setEncoding('utf8').on('data', (chunk: string) => {
    received += chunk;
    one.socket.pause();
    setTimeout(() => one.socket.resume(), 50);
  });
  one.socket.resume();
  await one.isCut;
  const [, body = ''] = received.split('\r\n\r\n');
  expect(body).toBe((await api.call('GET', '/openapi.json')).text);
});
