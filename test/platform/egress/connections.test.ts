import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
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

  it('are closed by us when idle for a while', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const receiver = closing(
      await startRawReceiver((socket) => {
        closed = once(socket, 'end');
        socket.on('data', () => socket.write(answer));
      }),
    );
    const egress = closing(openEgress({ allow: receiver.url }));
    await egress.post(receiver.url);
    const idleSince = performance.now();
    await closed;
    const idleMs = performance.now() - idleSince;
    expect(idleMs).toBeGreaterThan(1000);
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

  it('that break when used again fail the attempt, and the request is not sent twice', async () => {
    let received = 0;
    const receiver = closing(
      await startRawReceiver((socket) => {
        let onThisOne = 0;
        socket.on('data', () => {
          received++;
          if (++onThisOne === 1) socket.write(answer);
          else socket.resetAndDestroy();
        });
      }),
    );
    const egress = closing(openEgress({ allow: receiver.url }));
    expect(await egress.post(receiver.url)).toMatchObject({ statusCode: 200 });
    expect(await egress.post(receiver.url)).toMatchObject({ kind: 'error', errorClass: 'connect_error' });
    expect(received).toBe(2);
    expect(receiver.connections()).toBe(1);
  });

  it('that were closed at the same moment fail one attempt at most', async () => {
    const receiver = closing(await startAnswering((socket) => socket.end()));
    const egress = closing(openEgress({ allow: receiver.url }));
    const results = [];
    for (let i = 0; i < 30; i++) results.push(await egress.post(receiver.url));
    expect(results.filter((result) => result.kind === 'error').length).toBeLessThanOrEqual(1);
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
