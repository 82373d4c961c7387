import { randomUUID } from 'node:crypto';
import { createServer, STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type Koa from 'koa';
import { Gauge, type Registry } from 'prom-client';
import { cannotListen } from '../platform/config';
import type { Logger } from '../platform/logging';

/** How long a client may take over what. In milliseconds. */
export interface ClientTimeouts {
  /** From the connection, or the request before, to the last header. */
  headers: number;
  /** To the end of the body; routes that read it have a shorter one (middleware/read-body.ts). */
  request: number;
  /** What of a body still comes after its answer is read and thrown away, so that the answer can be read. */
  rejectedBody: number;
  /** To take an answer. */
  answer: number;
  /** A connection without a request. */
  idle: number;
  /** How often the first two are looked at. */
  check: number;
}

const clientTimeouts: ClientTimeouts = {
  headers: 10_000,
  request: 30_000,
  rejectedBody: 2_000,
  answer: 30_000,
  // Longer than the usual 60 s of a load balancer: it, not we, ends an idle connection.
  idle: 65_000,
  check: 5_000,
};

const maxHeaderBytes = 16 * 1024;
/** More than clients and proxies send. */
const maxHeaders = 100;
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

/**
 * Serves `app`. Rejects when the address can't be listened on.
 * @param options.maxConnections more are closed as they come
 */
export async function listen(
  app: Koa,
  options: {
    host: string;
    port: number;
    maxConnections: number;
    log: Logger;
    registry: Registry;
    timeouts?: ClientTimeouts;
  },
): Promise<Listening> {
  const { host, port, log, timeouts = clientTimeouts } = options;
  const handle = app.callback();
  const inFlight = new Set<ServerResponse>();
  const sockets = new Set<Socket>();
  let closing = false;

  const server = createServer(
    {
      requestTimeout: timeouts.request,
      headersTimeout: timeouts.headers,
      maxHeaderSize: maxHeaderBytes,
      keepAliveTimeout: timeouts.idle,
      connectionsCheckingInterval: timeouts.check,
    },
    (request, response) => {
      if (closing) response.setHeader('Connection', 'close');
      inFlight.add(response);
      response.once('close', () => inFlight.delete(response));
      if (request.rawHeaders.length > 2 * maxHeaders) {
        refuseHeaders(response);
        return;
      }
      endRejectedBody(request, response, timeouts.rejectedBody);
      void handle(request, response).then(() => endUnreadAnswer(request, response, timeouts.answer));
    },
  );
  // Node would drop what is over its own limit and tell nobody.
  server.maxHeadersCount = 0;
  server.maxConnections = options.maxConnections;
  new Gauge({
    name: 'http_connections',
    help: 'Connections to the API that are open.',
    registers: [options.registry],
    collect() {
      this.set(sockets.size);
    },
  });
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

/** An answer to a request whose body was not read leaves the connection to the rest of that body: not for long. */
function endRejectedBody(request: IncomingMessage, response: ServerResponse, ms: number): void {
  response.once('finish', () => {
    if (request.complete) return;
    const timer = setTimeout(() => request.socket.destroy(), ms).unref();
    for (const event of ['end', 'close']) request.once(event, () => clearTimeout(timer));
  });
}

/** Nothing else ends a connection whose client takes no bytes: neither it nor the kernel gives up. */
function endUnreadAnswer({ socket }: IncomingMessage, response: ServerResponse, ms: number): void {
  // As a rule the kernel has taken all of it by now. One that has no socket yet waits behind another answer.
  const isTaken = response.socket !== null && socket.writableLength === 0;
  if (isTaken || response.writableFinished) return;
  const timer = setInterval(() => socket.writableLength > 0 && socket.destroy(), ms).unref();
  for (const event of ['finish', 'close']) response.once(event, () => clearInterval(timer));
}

function refuseHeaders(response: ServerResponse): void {
  response.writeHead(431, { Connection: 'close', 'Content-Length': 0, 'X-Request-Id': randomUUID() }).end();
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
