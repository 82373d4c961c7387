import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import Koa from 'koa';
import pino from 'pino';
import { Registry } from 'prom-client';
import { listen, type Listening } from '../../src/api/server';
import { eventually } from '../support/everhook';

const log = pino({ level: 'silent' });
const at = () => ({ host: '127.0.0.1', port: 0, maxConnections: 100, log, registry: new Registry() });

/** An app whose `/slow` answers when it is told to. */
function slowApp() {
  let release: () => void = () => {};
  let entered: () => void = () => {};
  const released = new Promise<void>((resolve) => (release = resolve));
  const inFlight = new Promise<void>((resolve) => (entered = resolve));
  const app = new Koa();
  app.use(async (ctx) => {
    if (ctx.path === '/slow') {
      entered();
      await released;
    }
    ctx.body = 'done';
  });
  return { app, release, inFlight };
}

function open({ port }: Listening, text: string) {
  const socket: Socket = connect(port, '127.0.0.1', () => socket.write(text));
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
  socket.on('error', () => {});
  const closed = new Promise((resolve) => socket.on('close', resolve));
  const answered = new Promise<void>((resolve) => {
    socket.on('data', () => received.endsWith('done') && resolve());
  });
  return { socket, closed, answered, received: () => received };
}

const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

describe('closing', () => {
  it('finishes what is in flight, ends idle connections and accepts no more', async () => {
    const { app, release, inFlight } = slowApp();
    const server = await listen(app, at());
    const idle = open(server, request('/'));
    await idle.answered;
    const busy = open(server, request('/slow'));
    await inFlight;

    let isClosed = false;
    const closing = server.close().then(() => (isClosed = true));
    await idle.closed;
    expect(isClosed).toBe(false);
    const refused = open(server, request('/'));
    await refused.closed;
    expect(refused.received()).toBe('');

    release();
    await closing;
    await busy.closed;
    expect(busy.received()).toMatch(/^HTTP\/1.1 200 OK\r\n[^]*Connection: close\r\n[^]*done$/);
  });

  it('can be asked for twice', async () => {
    const server = await listen(slowApp().app, at());
    await Promise.all([server.close(), server.close()]);
  });
});

it('closes at once a connection that has said nothing', async () => {
  const server = await listen(slowApp().app, at());
  const silent = connect(server.port, '127.0.0.1');
  await once(silent, 'connect');
  const ended = once(silent, 'close');
  await server.close();
  await ended;
});

it('gives what is no HTTP an answer with a request id', async () => {
  const server = await listen(slowApp().app, at());
  const socket = connect(server.port, '127.0.0.1');
  socket.end('GET / HTTP/1.1\r\nbroken header\r\n\r\n');
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n[^]*X-Request-Id: [0-9a-f-]{36}\r\n/);
  await server.close();
});

it('takes a hundred headers and refuses more: Node would drop them and tell nobody', async () => {
  const server = await listen(slowApp().app, at());
  const answerTo = async (headers: number) => {
    const client = open(
      server,
      `GET / HTTP/1.1\r\nConnection: close\r\n${'Host: x\r\n'}${'A: b\r\n'.repeat(headers - 2)}\r\n`,
    );
    await client.closed;
    return client.received();
  };
  expect(await answerTo(100)).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  expect(await answerTo(101)).toMatch(/^HTTP\/1.1 431 [^]*X-Request-Id: [0-9a-f-]{36}\r\n/);
  expect(await answerTo(3_000)).toMatch(/^HTTP\/1.1 431 /);
  await server.close();
});

it('takes as many connections as it may and closes further ones, until one ends', async () => {
  const registry = new Registry();
  const server = await listen(slowApp().app, { ...at(), maxConnections: 2, registry });
  const first = open(server, request('/'));
  const second = open(server, request('/'));
  await Promise.all([first.answered, second.answered]);
  expect((await registry.getSingleMetric('http_connections')?.get())?.values[0]?.value).toBe(2);
  const third = open(server, request('/'));
  await third.closed;
  expect(third.received()).toBe('');

  first.socket.destroy();
  await first.closed;
  const tried = async () => {
    const next = open(server, request('/').replace('\r\n', '\r\nConnection: close\r\n'));
    await next.closed;
    return next.received();
  };
  await eventually(tried, (received) => received.endsWith('done'));
  await server.close();
});

it('says so when the port is taken', async () => {
  const first = await listen(slowApp().app, at());
  await expect(listen(slowApp().app, { ...at(), port: first.port })).rejects.toMatchObject({
    name: 'ConfigurationError',
    message: `PORT=${first.port} HOST=127.0.0.1 can't be listened on: somebody else listens there`,
  });
  await first.close();
});
