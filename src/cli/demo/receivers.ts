import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { reservePort } from '../../../scripts/local-stack/ports';
import { verifySignature } from './verify-signature';

/** One request that a receiver got. */
export interface ReceivedRequest {
  /** The receiver's dedupe key, `webhook-id`. */
  eventId: string;
  signatureValid: boolean;
  /** What was answered. */
  status: number;
}

export interface DemoReceiver {
  /** As it must stand in `EGRESS_ALLOW`. */
  origin: string;
  url: string;
  requests: ReceivedRequest[];
  /** The signing secret is known once its webhook is registered; until then no signature is valid. */
  expectSecret(secret: string): void;
  close(): Promise<void>;
}

/** Which status to answer, by how often this event came before. */
export type Behaviour = (earlier: number) => number;

export const healthy: Behaviour = () => 200;

/** Down for the first two attempts of each event. */
export const flaky: Behaviour = (earlier) => (earlier < 2 ? 503 : 200);

/** A receiver on loopback; a request without a valid signature is refused with 401. */
export async function startReceiver(behave: Behaviour): Promise<DemoReceiver> {
  const requests: ReceivedRequest[] = [];
  let secret: string | undefined;

  async function receive(request: IncomingMessage): Promise<number> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const eventId = String(request.headers['webhook-id'] ?? '');
    const signatureValid =
      secret !== undefined && verifySignature(secret, request.headers, Buffer.concat(chunks), new Date());
    const earlier = requests.filter((one) => one.eventId === eventId).length;
    const status = signatureValid ? behave(earlier) : 401;
    requests.push({ eventId, signatureValid, status });
    return status;
  }

  const server = createServer((request, response) => {
    receive(request).then(
      (status) => response.writeHead(status).end(status === 200 ? 'thank you' : 'not now'),
      () => response.destroy(),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    ...addressesOf(port),
    requests,
    expectSecret: (known) => (secret = known),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** A receiver that is not there: nothing listens on its port. */
export async function deadReceiver(): Promise<DemoReceiver> {
  const port = await reservePort();
  return { ...addressesOf(port), requests: [], expectSecret: () => {}, close: async () => {} };
}

const addressesOf = (port: number) => ({ origin: `http://localhost:${port}`, url: `http://localhost:${port}/hooks` });
