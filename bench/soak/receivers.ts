import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { verifyStandardWebhooks } from '../../src/verify';
import type { Random } from './random';

/** How a receiver is as a whole: well, of changing moods, or with a server that speaks no TLS behind an https URL. */
export const characters = ['steady', 'moody', 'tls'] as const;
export type Character = (typeof characters)[number];

const misdeeds = ['slow', 'error', 'reset', 'hang', 'redirect', 'huge', 'gone', 'busy'] as const;
/** Of a moody receiver's answers. */
const misdeedShare = 0.4;

/** What came of an event at one receiver. */
export interface Reception {
  requests: number;
  /** Answered with a 2xx. */
  accepted: number;
}

export interface SoakReceivers {
  /** Where a tenant's receiver of this character is to be found. */
  urlOf(tenant: number, character: Character): string;
  /** To be allowed for egress. */
  origins: string[];
  /** What signs to a receiver, as soon as it is known. */
  knowSecret(tenant: number, character: Character, secret: string): void;
  reception(tenant: number, character: Character, eventId: string): Reception | undefined;
  /** Requests that should never have come: of another tenant's event, or badly signed. */
  wrong: string[];
  misdeeds: Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/** All receivers, at one port: who an event is for stands in the path and in the event itself. */
export async function startReceivers(random: Random): Promise<SoakReceivers> {
  const receptions = new Map<string, Reception>();
  const secrets = new Map<string, string>();
  const wrong: string[] = [];
  const done: Record<string, number> = {};
  const sockets = new Set<Socket>();

  const server = createServer((request, response) => {
    response.on('error', () => {});
    receive(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const where = request.url ?? '';
    const eventId = String(request.headers['webhook-id']);
    check(where, eventId, request, Buffer.concat(chunks));
    const key = `${where} ${eventId}`;
    const reception = receptions.get(key) ?? { requests: 0, accepted: 0 };
    receptions.set(key, reception);
    reception.requests += 1;
    const accept = (body: string | Buffer = 'ok') => {
      reception.accepted += 1;
      response.writeHead(200).end(body);
    };
    const isMoody = where.endsWith('/moody') && random.chance(misdeedShare);
    if (!isMoody) return accept();
    const misdeed = random.pick(misdeeds);
    done[misdeed] = (done[misdeed] ?? 0) + 1;
    switch (misdeed) {
      case 'slow':
        await sleep(random.between(500, 2_500));
        return accept();
      case 'error':
        return void response.writeHead(500).end('no');
      case 'reset':
        return void request.socket.resetAndDestroy();
      case 'hang':
        return;
      case 'redirect':
        return void response.writeHead(302, { location: '/0/steady' }).end();
      case 'huge':
        return accept(Buffer.alloc(1_000_000));
      case 'gone':
        return void response.writeHead(410).end();
      case 'busy':
        return void response.writeHead(429, { 'retry-after': '2' }).end();
    }
  }

  function check(where: string, eventId: string, { headers }: IncomingMessage, body: Buffer): void {
    const tenant = /^\/(\d+)\//.exec(where)?.[1];
    const expected = JSON.stringify({ tenant: Number(tenant) });
    if (!eventId.startsWith(`${tenant}-`) || !body.includes(expected)) wrong.push(`${eventId} came to ${where}`);
    try {
      verifyStandardWebhooks({ headers, body, secrets: secrets.get(where) ?? '' });
    } catch (error) {
      wrong.push(`${eventId} came to ${where} badly signed: ${String(error)}`);
    }
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const pathOf = (tenant: number, character: Character) => `/${tenant}/${character}`;
  return {
    urlOf: (tenant, character) =>
      `${character === 'tls' ? 'https' : 'http'}://127.0.0.1:${port}${pathOf(tenant, character)}`,
    origins: [`http://127.0.0.1:${port}`, `https://127.0.0.1:${port}`],
    knowSecret: (tenant, character, secret) => void secrets.set(pathOf(tenant, character), secret),
    reception: (tenant, character, eventId) => receptions.get(`${pathOf(tenant, character)} ${eventId}`),
    wrong,
    misdeeds: done,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
