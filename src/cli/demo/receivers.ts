import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { reservePort } from '../../../scripts/local-stack/ports';
import { VerificationError } from '../../verify';
import type { Verification } from './verifications';

/** One request that a receiver got. */
export interface ReceivedRequest {
  /** The receiver's dedupe key, `webhook-id`. */
  eventId: string;
  signatureValid: boolean;
  /** What was answered. */
  status: number;
}

/** The same with all that came. */
export interface WholeRequest extends ReceivedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface DemoReceiver {
  /** As it must stand in `EGRESS_ALLOW`. */
  origin: string;
  url: string;
  requests: WholeRequest[];
  /** How to verify is known once its webhook is registered; until then no signature is valid. */
  expect(verification: Verification): void;
  close(): Promise<void>;
}

/** Which status to answer, by how often this event came before. */
export type Behaviour = (earlier: number) => number;

export const healthy: Behaviour = () => 200;

/** Down for the first two attempts of each event. */
export const flaky: Behaviour = (earlier) => (earlier < 2 ? 503 : 200);

/** A receiver on loopback; a request without a valid signature is refused with 401. */
export async function startReceiver(behave: Behaviour): Promise<DemoReceiver> {
  const requests: WholeRequest[] = [];
  let verification: Verification | undefined;

  async function receive(request: IncomingMessage): Promise<number> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const { method = '', url: path = '', headers } = request;
    const body = Buffer.concat(chunks);
    const eventId = String(headers['webhook-id'] ?? '');
    const signatureValid =
      verification !== undefined && (await isGenuine(verification, { method, path, headers, body }));
    const earlier = requests.filter((one) => one.eventId === eventId).length;
    const status = signatureValid ? behave(earlier) : 401;
    requests.push({ eventId, signatureValid, status, method, path, headers, body: body.toString() });
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
    expect: (known) => (verification = known),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function isGenuine(verify: Verification, request: Parameters<Verification>[0]): Promise<boolean> {
  try {
    await verify(request);
    return true;
  } catch (error) {
    if (error instanceof VerificationError) return false;
    throw error;
  }
}

/** A receiver that is not there: nothing listens on its port. */
export async function deadReceiver(): Promise<DemoReceiver> {
  const port = await reservePort();
  return { ...addressesOf(port), requests: [], expect: () => {}, close: async () => {} };
}

const addressesOf = (port: number) => ({ origin: `http://localhost:${port}`, url: `http://localhost:${port}/hooks` });
