import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a request is answered with; called once its body is whole. */
export type Respond = (request: { eventId: string; headers: IncomingMessage['headers']; body: Buffer }) => {
  status: number;
  headers?: Record<string, string>;
};

/** A receiver that counts by event, from the moment a request begins. */
export interface CountingReceiver {
  url: string;
  /** How many requests each event has had, by its id. */
  begun: ReadonlyMap<string, number>;
  /** When each event came first, by `performance.now()`. */
  firstAt: ReadonlyMap<string, number>;
  /** Events that came while an earlier request of the same one was still open. */
  overlapping: ReadonlySet<string>;
  close(): Promise<void>;
}

/** Attempts take this long, so that there are always some for a fault to hit. */
const thinkingMs = 300;

export async function startCountingReceiver(respond: Respond = () => ({ status: 200 })): Promise<CountingReceiver> {
  const begun = new Map<string, number>();
  const firstAt = new Map<string, number>();
  const open = new Map<string, number>();
  const overlapping = new Set<string>();

  const count = (counts: Map<string, number>, id: string, by: number) => counts.set(id, (counts.get(id) ?? 0) + by);
  const server = createServer((message: IncomingMessage, response: ServerResponse) => {
    const eventId = String(message.headers['webhook-id']);
    count(begun, eventId, 1);
    if (!firstAt.has(eventId)) firstAt.set(eventId, performance.now());
    if ((open.get(eventId) ?? 0) > 0) overlapping.add(eventId);
    count(open, eventId, 1);
    // Of an answer that was sent, and of a sender that died.
    response.once('close', () => count(open, eventId, -1));
    answer(message, response, eventId).catch(() => response.destroy());
  });

  async function answer(message: IncomingMessage, response: ServerResponse, eventId: string): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const { status, headers = {} } = respond({ eventId, headers: message.headers, body: Buffer.concat(chunks) });
    await sleep(thinkingMs);
    response.writeHead(status, headers).end('ok');
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    begun,
    firstAt,
    overlapping,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
