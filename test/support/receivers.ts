import { createServer as createHttpServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Identity } from './tls';

export interface Receiver {
  /** `http://127.0.0.1:port`, or `https://` with an identity. */
  url: string;
  port: number;
  /** How many connections it has accepted. */
  connections(): number;
  /** Ends its connections too. */
  close(): Promise<void>;
}

export interface ReceivedRequest {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface HttpReceiver extends Receiver {
  /** Everything received so far, whole. */
  requests: ReceivedRequest[];
}

/** An HTTP receiver. `respond` is called with each whole request; the default answers 200. */
export async function startReceiver(
  respond: (request: ReceivedRequest, response: ServerResponse) => void = (_request, response) => response.end('ok'),
  identity?: Identity,
): Promise<HttpReceiver> {
  const requests: ReceivedRequest[] = [];
  const server = identity ? createHttpsServer(identity) : createHttpServer();
  server.on('request', (message, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const { method = '', url: path = '', headers } = message;
      const request = { method, path, headers, body: Buffer.concat(chunks) };
      requests.push(request);
      respond(request, response);
    });
  });
  return { ...(await listen(server, identity)), requests };
}

/** A receiver that does as it likes with the bare socket, or with TLS behind its handshake. */
export function startRawReceiver(onConnection: (socket: Socket) => void, identity?: Identity): Promise<Receiver> {
  const server = identity ? createTlsServer(identity, onConnection) : createTcpServer(onConnection);
  return listen(server, identity);
}

/** A raw receiver that writes this text as soon as a request begins, whatever the request is. */
export function startTalker(text: string, then: (socket: Socket) => void = () => {}): Promise<Receiver> {
  return startRawReceiver((socket) => {
    socket.once('data', () => {
      socket.write(text);
      then(socket);
    });
  });
}

/** A port on which nobody listens. */
export async function closedPort(): Promise<number> {
  const receiver = await startRawReceiver(() => {});
  await receiver.close();
  return receiver.port;
}

async function listen(server: Server, identity?: Identity): Promise<Receiver> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  // A client that leaves in the handshake or in mid-answer is what many tests are about.
  server.on('tlsClientError', () => {});
  server.on('secureConnection', (socket: Socket) => socket.on('error', () => {}));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${identity ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
