import { randomUUID } from 'node:crypto';
import { createServer, STATUS_CODES, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type Koa from 'koa';
import { cannotListen } from '../platform/config';
import type { Logger } from '../platform/logging';

/** Whole request with its body, and its headers alone (security.md section 2). */
const requestTimeoutMs = 30_000;
const headersTimeoutMs = 10_000;
const maxHeaderBytes = 16 * 1024;
/** Longer than the usual 60 s of a load balancer: it, not we, ends an idle connection. */
const keepAliveMs = 65_000;
/** A connection does not hold a place of a fair share for ever. */
const maxRequestsPerSocket = 10_000;
/** How often the connections that closing left open are looked at for idle ones. */
const idleSweepMs = 50;
/** What is still running then is cut off. */
const drainMs = 20_000;

export interface Listening {
  port: number;
  /** Stops accepting, finishes what is in flight (20 s at most), ends every connection. */
  close(): Promise<void>;
}

/** Serves `app`. Rejects when the address can't be listened on. */
export async function listen(app: Koa, options: { host: string; port: number; log: Logger }): Promise<Listening> {
  const { host, port, log } = options;
  const handle = app.callback();
  const inFlight = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  let closing = false;

  const server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      headersTimeout: headersTimeoutMs,
      maxHeaderSize: maxHeaderBytes,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: 5_000,
    },
    (request, response) => {
      if (closing) response.setHeader('Connection', 'close');
      inFlight.add(response);
      response.once('close', () => inFlight.delete(response));
      void handle(request, response);
    },
  );
  server.maxRequestsPerSocket = maxRequestsPerSocket;
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('clientError', answerBrokenRequest);

  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(error, { PORT: port, HOST: host })));
    server.listen({ host, port }, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
  server.on('error', (error) => log.error({ err: error }, 'the API server failed'));
  const address = server.address() as AddressInfo;
  log.info({ host: address.address, port: address.port }, 'the API listens');

  function close(): Promise<void> {
    closing = true;
    // A client that would keep its connection has to be told, or closing waits for it.
    for (const response of inFlight) if (!response.headersSent) response.setHeader('Connection', 'close');
    return new Promise((resolve) => {
      const sweep = setInterval(() => {
        server.closeIdleConnections();
        // One that has said nothing yet does not count as idle.
        for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
      }, idleSweepMs);
      const cutOff = setTimeout(() => {
        log.warn({ requests: inFlight.size }, 'requests still in flight are cut off');
        server.closeAllConnections();
      }, drainMs);
      server.close(() => {
        clearInterval(sweep);
        clearTimeout(cutOff);
        resolve();
      });
    });
  }

  let closed: Promise<void> | undefined;
  return { port: address.port, close: () => (closed ??= close()) };
}

const brokenRequestStatuses: Record<string, number> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

/** What is no HTTP never becomes a request; it gets an answer that can be named in a question all the same. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = brokenRequestStatuses[error.code ?? ''] ?? 400;
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, 'Connection: close', 'Content-Length: 0'];
  socket.end([...head, `X-Request-Id: ${randomUUID()}`, '', ''].join('\r\n'), () => socket.destroy());
}
