import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createIdleSockets } from '../../../src/platform/egress/connections';
import { startDnsServer } from '../../support/dns-server';
import { type Receiver, startRawReceiver, startReceiver } from '../../support/receivers';
import { openEgress } from './open-egress';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function closing<T extends { close(): Promise<void> }>(thing: T): T {
  closers.push(() => thing.close());
  return thing;
}

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** Answers each request on a connection and hands the socket over after each answer. */
function startAnswering(afterAnswer: (socket: Socket, answered: number) => void, text = answer): Promise<Receiver> {
  return startRawReceiver((socket) => {
    let answered = 0;
    socket.on('data', () => {
      answered++;
      socket.write(text, () => afterAnswer(socket, answered));
    });
  });
}

describe('connections', () => {
  it('are kept and used again', async () => {
    const receiver = closing(await startReceiver());
    const egress = closing(openEgress({ allow: receiver.url }));
    for (let i = 0; i < 20; i++) expect(await egress.post(receiver.url)).toMatchObject({ statusCode: 200 });
    expect(receiver.connections()).toBe(1);
  });

  it('carry one request at a time', async () => {
    const receiver = closing(await startReceiver((_request, response) => setTimeout(() => response.end(), 30)));
    const egress = closing(openEgress({ allow: receiver.url }));
    await Promise.all(Array.from({ length: 5 }, () => egress.post(receiver.url)));
    expect(receiver.connections()).toBe(5);
  });

  it('to one receiver are fifty at most; the rest of the requests wait for them', async () => {
    const held: ServerResponse[] = [];
    let most = 0;
    const receiver = closing(
      await startReceiver((_request, response) => {
        held.push(response);
        most = Math.max(most, held.length);
        // Time for a 51st to arrive, were there one.
        if (held.length === 50) setTimeout(() => held.splice(0).forEach((answered) => answered.end()), 50);
      }),
    );
    const egress = closing(openEgress({ allow: receiver.url }));
    const results = await Promise.all(Array.from({ length: 200 }, () => egress.post(receiver.url)));
    expect(results.filter((result) => result.statusCode !== 200)).toEqual([]);
    expect(most).toBe(50);
    expect(receiver.connections()).toBe(50);
  });

  it('are never shared between tenants', async () => {
    const receiver = closing(await startReceiver());
    const egress = closing(openEgress({ allow: receiver.url }));
    for (const tenantId of ['one', 'another', 'one', 'another']) {
      expect(await egress.post(receiver.url, { tenantId })).toMatchObject({ statusCode: 200 });
    }
    expect(receiver.connections()).toBe(2);
  });

  it('carry a thousand requests at most', async () => {
    const receiver = closing(await startReceiver());
    const egress = closing(openEgress({ allow: receiver.url }));
    for (let i = 0; i < 1001; i++) await egress.post(receiver.url);
    expect(receiver.connections()).toBe(2);
    expect(receiver.requests[998]?.headers.connection).toBe('keep-alive');
    expect(receiver.requests[999]?.headers.connection).toBe('close');
  });

  it('are not used again when they are a minute old', async () => {
    const receiver = closing(await startReceiver());
    const egress = closing(openEgress({ allow: receiver.url }));
    await egress.post(receiver.url);
    const now = performance.now.bind(performance);
    const later = jest.spyOn(performance, 'now').mockImplementation(() => now() + 60_000);
    closers.push(async () => later.mockRestore());
    await egress.post(receiver.url);
    await egress.post(receiver.url);
    expect(receiver.requests.map(({ headers }) => headers.connection)).toEqual(['keep-alive', 'close', 'keep-alive']);
    expect(receiver.connections()).toBe(2);
  });

  it('are closed by us a second before the receiver would', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const receiver = closing(
      await startRawReceiver((socket) => {
        closed = once(socket, 'end');
        socket.on('data', () => socket.write(answer.replace('\r\n\r\n', '\r\nKeep-Alive: timeout=2\r\n\r\n')));
      }),
    );
    const egress = closing(openEgress({ allow: receiver.url }));
    await egress.post(receiver.url);
    const idleSince = performance.now();
    await closed;
    const idleMs = performance.now() - idleSince;
    expect(idleMs).toBeGreaterThan(500);
    expect(idleMs).toBeLessThan(2500);
  });

  it('are not kept when the receiver hints that it will close them soon', async () => {
    const receiver = closing(
      await startAnswering(() => {}, answer.replace('\r\n\r\n', '\r\nKeep-Alive: timeout=1\r\n\r\n')),
    );
    const egress = closing(openEgress({ allow: receiver.url }));
    for (let i = 0; i < 3; i++) expect(await egress.post(receiver.url)).toMatchObject({ statusCode: 200 });
    expect(receiver.connections()).toBe(3);
  });

  it.each([
    ['closes', (socket: Socket) => socket.end()],
    ['resets', (socket: Socket) => socket.resetAndDestroy()],
  ])('that the receiver %s while idle make no attempt fail, and are no longer kept', async (_how, end) => {
    const sockets: Socket[] = [];
    const heads: string[] = [];
    const receiver = closing(
      await startRawReceiver((socket) => {
        sockets.push(socket);
        socket.on('data', (data) => {
          heads.push(data.toString());
          socket.write(answer);
        });
      }),
    );
    const egress = closing(openEgress({ allow: receiver.url }));
    expect(await egress.post(receiver.url)).toMatchObject({ statusCode: 200 });
    const [first] = sockets;
    if (!first) throw new Error('no connection');
    end(first);
    await once(first, 'close');
    for (let i = 0; i < 4; i++) expect(await egress.post(receiver.url)).toMatchObject({ statusCode: 200 });
    const asked = heads.map((head) => /connection: (\S+)/.exec(head)?.[1]);
    expect([asked[0], ...asked.slice(-2)]).toEqual(['keep-alive', 'close', 'close']);
  });

  /** Answers the first request of each connection; `again` is done with the second one. */
  function startOnceAnswering(again: (socket: Socket) => void, first = (socket: Socket) => void socket.write(answer)) {
    return startRawReceiver((socket) => {
      let requests = 0;
      socket.on('data', () => (++requests === 1 ? first(socket) : again(socket)));
    });
  }

  it.each([
    ['close', (socket: Socket) => void socket.end()],
    ['break', (socket: Socket) => void socket.resetAndDestroy()],
  ])('that %s when used again are replaced, and the request is made once more', async (_how, end) => {
    const receiver = closing(await startOnceAnswering(end));
    const egress = closing(openEgress({ allow: receiver.url }));
    expect(await egress.post(receiver.url)).toMatchObject({ statusCode: 200 });
    expect(await egress.post(receiver.url)).toMatchObject({ kind: 'response', statusCode: 200 });
    expect(receiver.connections()).toBe(2);
  });

  it('that replace a broken one and break too end the attempt', async () => {
    const sockets: Socket[] = [];
    const receiver = closing(
      await startOnceAnswering(
        (socket) => void socket.resetAndDestroy(),
        (socket) => void (sockets.push(socket) === 1 ? socket.write(answer) : socket.resetAndDestroy()),
      ),
    );
    const egress = closing(openEgress({ allow: receiver.url }));
    await egress.post(receiver.url);
    expect(await egress.post(receiver.url)).toMatchObject({ kind: 'error', errorClass: 'connect_error' });
    expect(receiver.connections()).toBe(2);
  });

  it('that break after the first byte of an answer end the attempt', async () => {
    const receiver = closing(await startOnceAnswering((socket) => socket.write('HTTP/1.1 2', () => socket.end())));
    const egress = closing(openEgress({ allow: receiver.url }));
    await egress.post(receiver.url);
    expect(await egress.post(receiver.url)).toMatchObject({ kind: 'error', errorClass: 'protocol_error' });
    expect(receiver.connections()).toBe(1);
  });

  it('that replace a broken one have what is left of the deadline', async () => {
    let connections = 0;
    const receiver = closing(
      await startOnceAnswering(
        (socket) => void setTimeout(() => socket.resetAndDestroy(), 300),
        (socket) => void (++connections === 1 && socket.write(answer)),
      ),
    );
    const egress = closing(openEgress({ allow: receiver.url }));
    await egress.post(receiver.url);
    const result = await egress.post(receiver.url, { deadlineMs: 800 });
    expect(result).toMatchObject({ kind: 'error', errorClass: 'timeout' });
    expect(connections).toBe(2);
    expect(result.durationMs).toBeLessThan(1050);
  });

  it('that were closed at the same moment fail no attempt', async () => {
    const receiver = closing(await startAnswering((socket) => socket.end()));
    const egress = closing(openEgress({ allow: receiver.url }));
    const results = [];
    for (let i = 0; i < 30; i++) results.push(await egress.post(receiver.url));
    expect(results.filter((result) => result.kind === 'error')).toEqual([]);
  });

  it('never give one request the answer to another', async () => {
    const receiver = closing(await startAnswering((socket) => socket.write(answer.replace('ok', 'no'))));
    const egress = closing(openEgress({ allow: receiver.url }));
    for (let i = 0; i < 10; i++) {
      const result = await egress.post(receiver.url);
      expect(result).toMatchObject({ body: Buffer.from('ok') });
    }
  });

  it('are not shared across a change of the DNS answer', async () => {
    const receiver = closing(await startReceiver());
    const origin = `http://receiver.test:${receiver.port}`;
    const dns = closing(await startDnsServer({ 'receiver.test': [{ a: ['127.0.0.1'] }, { a: ['127.0.0.2'] }] }));
    const egress = closing(openEgress({ allow: origin, dnsServers: [dns.address] }));
    expect(await egress.post(origin)).toMatchObject({ statusCode: 200 });
    // Nobody listens at the new address: had the old connection been used, this would be an answer.
    expect(await egress.post(origin)).toMatchObject({ detail: 'ECONNREFUSED (127.0.0.2)' });
  });
});

it('idle sockets of all receivers together are bounded; the one that has been idle longest is closed', () => {
  const sockets = createIdleSockets(2);
  const evicted: string[] = [];
  const evictions = ['first', 'second', 'third', 'fourth'].map((name) => {
    const evict = () => {
      sockets.remove(evict);
      evicted.push(name);
    };
    sockets.add(evict);
    return evict;
  });
  expect(evicted).toEqual(['first', 'second']);
  for (const evict of evictions) sockets.remove(evict);
  sockets.add(() => evicted.push('fifth'));
  expect(evicted).toEqual(['first', 'second']);
});

describe('a hanging receiver', () => {
  it('delays nobody else, and its own waiting requests end at their deadline', async () => {
    const hanging = closing(await startRawReceiver(() => {}));
    const healthy = closing(await startReceiver());
    const egress = closing(openEgress({ allow: `${hanging.url},${healthy.url}` }));
    const stuck = Array.from({ length: 200 }, () => egress.post(hanging.url, { deadlineMs: 1500 }));
    const result = await egress.post(healthy.url);
    expect(result).toMatchObject({ statusCode: 200 });
    expect(result.durationMs).toBeLessThan(1200);
    expect(hanging.connections()).toBeLessThanOrEqual(50);
    for (const end of await Promise.all(stuck)) {
      expect(end).toMatchObject({ kind: 'error', errorClass: 'timeout' });
      expect(end.durationMs).toBeLessThan(2500);
    }
  });

  it('is reached again as soon as it recovers, whatever has waited for it and was given up', async () => {
    let healthy = false;
    const receiver = closing(
      await startRawReceiver((socket) => {
        socket.on('data', () => {
          if (healthy) socket.write(answer);
        });
      }),
    );
    const egress = closing(openEgress({ allow: receiver.url }));
    const controller = new AbortController();
    const stuck = Array.from({ length: 60 }, () => egress.post(receiver.url, { deadlineMs: 300 }));
    const waiting = Array.from({ length: 60 }, () => egress.post(receiver.url, { signal: controller.signal }));
    // Now they are all in the queue.
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort('shutdown');
    for (const end of await Promise.allSettled(waiting)) expect(end).toMatchObject({ reason: 'shutdown' });
    await Promise.all(stuck);
    healthy = true;
    expect(await egress.post(receiver.url)).toMatchObject({ statusCode: 200 });
  });
});
