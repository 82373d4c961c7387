import { getEventListeners, once } from 'node:events';
import type { Socket } from 'node:net';
import { closedPort, type Receiver, startRawReceiver, startReceiver, startTalker } from '../../support/receivers';
import { type OpenEgress, openEgress } from './open-egress';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function egressTo(...receivers: { url: string }[]): OpenEgress {
  const egress = openEgress({ allow: receivers.map((receiver) => receiver.url).join(',') });
  closers.push(() => egress.close());
  return egress;
}

async function started<T extends Receiver>(starting: Promise<T>): Promise<T> {
  const receiver = await starting;
  closers.push(() => receiver.close());
  return receiver;
}

describe('a receiver that answers', () => {
  it('gets exactly the method, path, headers and bytes that were given', async () => {
    const receiver = await started(startReceiver());
    const body = Buffer.from('{"ä":"\u2028"}');
    await egressTo(receiver).post(`${receiver.url}/hooks/a%20b?c=d`, {
      headers: { 'Content-Type': 'application/json', 'Webhook-Id': 'evt_1' },
      body,
    });
    expect(receiver.requests).toEqual([
      {
        method: 'POST',
        path: '/hooks/a%20b?c=d',
        headers: {
          host: `127.0.0.1:${receiver.port}`,
          connection: 'keep-alive',
          'user-agent': 'Everhook/1',
          'accept-encoding': 'identity',
          'content-type': 'application/json',
          'content-length': String(body.length),
          'webhook-id': 'evt_1',
        },
        body,
      },
    ]);
  });

  it('is reported with status, headers and body', async () => {
    const receiver = await started(
      startReceiver((_request, response) => {
        response.writeHead(201, { 'X-Twice': ['first', 'second'] });
        response.end('created');
      }),
    );
    expect(await egressTo(receiver).post(receiver.url)).toEqual({
      kind: 'response',
      statusCode: 201,
      headers: expect.objectContaining({ 'x-twice': 'first', connection: 'keep-alive' }),
      body: Buffer.from('created'),
      truncated: false,
      durationMs: expect.any(Number),
    });
  });

  it.each(['GET', 'HEAD'] as const)('is asked with %s, too', async (method) => {
    const receiver = await started(startReceiver());
    const result = await egressTo(receiver).post(receiver.url, { method, headers: {}, body: undefined });
    expect(result).toMatchObject({ statusCode: 200, body: Buffer.from(method === 'GET' ? 'ok' : '') });
    expect(receiver.requests[0]).toMatchObject({ method, path: '/' });
  });

  it('can not be sent another host or framing than the real ones', async () => {
    const receiver = await started(startReceiver());
    const headers = {
      Host: 'evil.test',
      'Content-Length': '1',
      'Transfer-Encoding': 'chunked',
      Expect: '100-continue',
    };
    await egressTo(receiver).post(receiver.url, { headers });
    expect(receiver.requests[0]?.headers).toMatchObject({ host: `127.0.0.1:${receiver.port}`, 'content-length': '2' });
    expect(receiver.requests[0]?.headers).not.toHaveProperty('expect');
  });

  it.each([301, 302, 303, 307, 308])('with %i is not followed', async (status) => {
    const target = await started(startReceiver());
    const receiver = await started(
      startReceiver((_request, response) => response.writeHead(status, { location: target.url }).end()),
    );
    const result = await egressTo(receiver, target).post(receiver.url);
    expect(result).toMatchObject({ kind: 'response', statusCode: status, headers: { location: target.url } });
    expect(target.connections()).toBe(0);
  });

  it('may send informational answers before the real one', async () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n';
    const receiver = await started(startTalker(`${early}${early}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`));
    expect(await egressTo(receiver).post(receiver.url)).toMatchObject({ statusCode: 200, body: Buffer.from('ok') });
  });

  it('may end its body by closing', async () => {
    const receiver = await started(startTalker('HTTP/1.0 200 OK\r\n\r\nold school', (socket) => socket.end()));
    expect(await egressTo(receiver).post(receiver.url)).toMatchObject({ body: Buffer.from('old school') });
  });

  it('with 2 GB is read for 64 KiB and then cut off', async () => {
    let written = 0;
    let closed: Promise<unknown> = Promise.resolve();
    const chunk = Buffer.alloc(256 * 1024, 'x');
    const receiver = await started(
      startRawReceiver((socket) => {
        closed = new Promise((resolve) => socket.on('close', resolve));
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2147483648\r\n\r\n');
          const pour = () => {
            while (!socket.destroyed && socket.write(chunk)) written += chunk.length;
          };
          socket.on('drain', pour);
          pour();
        });
      }),
    );
    const before = process.memoryUsage().rss;
    const result = await egressTo(receiver).post(receiver.url);
    await closed;
    expect(result).toMatchObject({ kind: 'response', statusCode: 200, truncated: true });
    expect(result).toHaveProperty('body.length', 64 * 1024);
    // What the buffers of both sockets swallow, at most.
    expect(written).toBeLessThan(32 * 1024 * 1024);
    expect(process.memoryUsage().rss - before).toBeLessThan(96 * 1024 * 1024);
  });

  it('with exactly 64 KiB is read whole', async () => {
    const receiver = await started(startReceiver((_request, response) => response.end(Buffer.alloc(64 * 1024))));
    expect(await egressTo(receiver).post(receiver.url)).toMatchObject({ truncated: false });
  });
});

describe('a receiver that fails', () => {
  const flood = (piece: string) => (socket: Socket) => {
    const pour = () => {
      while (!socket.destroyed && socket.write(piece));
    };
    socket.on('drain', pour);
    pour();
  };
  const failures: [what: string, start: () => Promise<Receiver>, outcome: object][] = [
    [
      'resets the connection at once',
      () => startRawReceiver((socket) => socket.resetAndDestroy()),
      { errorClass: 'connect_error', statusCode: null },
    ],
    [
      'resets the connection after the request',
      () => startRawReceiver((socket) => socket.once('data', () => socket.resetAndDestroy())),
      { errorClass: 'connect_error', statusCode: null },
    ],
    [
      'closes without an answer',
      () => startRawReceiver((socket) => socket.once('data', () => socket.end())),
      { errorClass: 'connect_error', statusCode: null },
    ],
    [
      'closes in the middle of the headers',
      () => startTalker('HTTP/1.1 200 OK\r\nConte', (socket) => socket.end()),
      { errorClass: 'protocol_error', statusCode: null },
    ],
    [
      'closes in the middle of the body',
      () => startTalker('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab', (socket) => socket.end()),
      { errorClass: 'protocol_error', statusCode: 200 },
    ],
    [
      'closes in the middle of the body although it announced to close after it',
      () =>
        startTalker('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nab', (socket) => socket.end()),
      { errorClass: 'protocol_error', statusCode: 200 },
    ],
    [
      'resets in the middle of the body',
      () =>
        startTalker('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab', (socket) =>
          setTimeout(() => socket.resetAndDestroy(), 50),
        ),
      { errorClass: 'connect_error', statusCode: 200 },
    ],
    ['answers garbage', () => startTalker('220 mail.example ESMTP\r\n'), { errorClass: 'protocol_error' }],
    [
      'answers bytes',
      () => startTalker('\u0000\u0001\u0002\u0003HTTP'),
      { errorClass: 'protocol_error', statusCode: null },
    ],
    [
      'answers with an impossible length',
      () => startTalker('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'),
      { errorClass: 'protocol_error' },
    ],
    [
      'answers with a broken chunk',
      () => startTalker('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'),
      { errorClass: 'protocol_error', statusCode: 200 },
    ],
    [
      'switches protocols unasked',
      () => startTalker('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'),
      { errorClass: 'protocol_error', statusCode: null },
    ],
    [
      'sends endless headers',
      () => startTalker('HTTP/1.1 200 OK\r\n', flood(`X-Header: ${'x'.repeat(1000)}\r\n`)),
      { errorClass: 'protocol_error', statusCode: null },
    ],
    [
      'sends one endless header',
      () => startTalker('HTTP/1.1 200 OK\r\nX-Header: ', flood('x'.repeat(10_000))),
      { errorClass: 'protocol_error', statusCode: null },
    ],
    [
      'sends endless trailers',
      () => startTalker('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n', flood('X-T: xxxxxxxxxx\r\n')),
      { errorClass: 'protocol_error', statusCode: 200 },
    ],
    [
      'sends informational answers for ever',
      () => startTalker('', flood('HTTP/1.1 103 Early Hints\r\n\r\n')),
      { errorClass: 'protocol_error', statusCode: null },
    ],
  ];

  it.each(failures)('%s', async (_what, start, outcome) => {
    const receiver = await started(start());
    const result = await egressTo(receiver).post(`${receiver.url}/secret-path`);
    expect(result).toMatchObject({ kind: 'error', ...outcome });
    expect(JSON.stringify(result)).not.toContain('secret-path');
    expect(result.durationMs).toBeLessThan(4000);
  });

  it('refuses connections', async () => {
    const url = `http://127.0.0.1:${await closedPort()}`;
    const result = await egressTo({ url }).post(url);
    expect(result).toMatchObject({
      kind: 'error',
      errorClass: 'connect_error',
      detail: 'ECONNREFUSED (127.0.0.1)',
      statusCode: null,
    });
  });
});

describe('the deadline', () => {
  const deadlineMs = 300;

  const slow: [what: string, start: () => Promise<Receiver>, statusCode: number | null][] = [
    ['never answers', () => startRawReceiver(() => {}), null],
    ['stalls within the headers', () => startTalker('HTTP/1.1 200 OK\r\nContent-'), null],
    ['stalls before the body', () => startTalker('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'), 200],
    [
      'drips its body',
      () =>
        startTalker('HTTP/1.1 503 Busy\r\nContent-Length: 100000\r\n\r\n', (socket) => {
          const drip = setInterval(() => socket.write('x'), 20);
          socket.on('close', () => clearInterval(drip));
        }),
      503,
    ],
  ];

  it.each(slow)('ends the exchange with a receiver that %s', async (_what, start, statusCode) => {
    const receiver = await started(start());
    const result = await egressTo(receiver).post(receiver.url, { deadlineMs });
    expect(result).toMatchObject({ kind: 'error', errorClass: 'timeout', statusCode });
    expect(result.durationMs).toBeGreaterThanOrEqual(deadlineMs - 5);
    expect(result.durationMs).toBeLessThan(deadlineMs + 700);
  });

  it('closes the connection, so that the receiver knows', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const receiver = await started(
      startRawReceiver((socket) => {
        closed = once(socket.resume(), 'close');
      }),
    );
    await egressTo(receiver).post(receiver.url, { deadlineMs });
    await closed;
  });
});

describe("the caller's signal", () => {
  it('gives an exchange up with its own reason, which is no result', async () => {
    const controller = new AbortController();
    const receiver = await started(
      startRawReceiver((socket) => socket.once('data', () => controller.abort('shutdown'))),
    );
    const sending = egressTo(receiver).post(receiver.url, { signal: controller.signal });
    await expect(sending).rejects.toBe('shutdown');
  });

  it('may be shared by many exchanges and is left as it was', async () => {
    const warnings: Error[] = [];
    const warned = (warning: Error) => warnings.push(warning);
    process.on('warning', warned);
    const receiver = await started(startReceiver());
    const egress = egressTo(receiver);
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 20 }, () => egress.post(receiver.url, { signal })));
    process.off('warning', warned);
    expect(warnings).toEqual([]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('that has already aborted opens no connection', async () => {
    const receiver = await started(startReceiver());
    const sending = egressTo(receiver).post(receiver.url, { signal: AbortSignal.abort('shutdown') });
    await expect(sending).rejects.toBe('shutdown');
    expect(receiver.connections()).toBe(0);
  });
});

describe('the egress', () => {
  it('takes a header that can not be written for a programming error', async () => {
    const receiver = await started(startReceiver());
    await expect(egressTo(receiver).post(receiver.url, { headers: { 'x-a': 'b\r\nc: d' } })).rejects.toThrow(TypeError);
  });

  it('knows no proxy from the environment', async () => {
    const proxy = await started(startReceiver());
    const receiver = await started(startReceiver());
    const names = ['HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'NODE_USE_ENV_PROXY'];
    const before = names.map((name) => process.env[name]);
    for (const name of names) process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : proxy.url;
    try {
      expect(await egressTo(receiver).post(receiver.url)).toMatchObject({ statusCode: 200 });
    } finally {
      names.forEach((name, index) => {
        const value = before[index];
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      });
    }
    expect(proxy.connections()).toBe(0);
  });

  it('closes after what is under way, and takes nothing more', async () => {
    let answer = () => {};
    let arrived = () => {};
    const arrival = new Promise<void>((resolve) => (arrived = resolve));
    const receiver = await started(
      startReceiver((_request, response) => {
        answer = () => response.end();
        arrived();
      }),
    );
    const egress = egressTo(receiver);
    const order: unknown[] = [];
    const sending = egress.post(receiver.url).then((result) => order.push(result.statusCode));
    await arrival;
    const closing = egress.close().then(() => order.push('closed'));
    answer();
    await Promise.all([sending, closing]);
    expect(order).toEqual([200, 'closed']);
    await expect(egress.post(receiver.url)).rejects.toThrow('closed');
  });
});
