import type { SecureContext } from 'node:tls';
import { Client } from 'undici';
import { type Destination, openSocket, type TlsResumption } from './connect';
import { ExchangeFailure } from './failure';
import type { Interruption } from './interruption';

/** More requests than this to one origin wait for each other, so that a hanging receiver holds few sockets. */
const maxConnections = 50;

/**
 * An idle socket is closed before any usual server would (Node's patience is 5 s), or a second before the receiver's own
 * `Keep-Alive` hint. A POST that crosses a receiver's close all the same is made once more, on a new connection: see
 * {@link StaleConnection}.
 */
const keepAlive = { keepAliveTimeout: 4000, keepAliveTimeoutThreshold: 1000, keepAliveMaxTimeout: 4000 };
/** So that a receiver's load balancer gets to spread us anew, and nothing lives for ever. */
const maxSocketAgeMs = 60_000;
const maxSocketRequests = 1000;

/**
 * A receiver that closes a kept connection sooner than this does not mean to keep any: it gets one connection a request
 * for a while, because a request that crosses a close may be processed twice.
 */
const shortestPatienceMs = 1000;
const notKeptMs = 30_000;

const maxHeaderBytes = 16 * 1024;

/** One HTTP/1.1 connection slot: used by one exchange at a time, reconnects to the same checked addresses. */
export interface Connection {
  readonly client: Client;
  /** There is an open socket to use again, or one whose closing has not been noticed yet. */
  readonly reusable: boolean;
  /** Whether to ask the receiver to keep it open after the exchange that begins; it is not used again if not. */
  keepAfterThis(): boolean;
  /** How many exchanges on its present socket were complete. */
  readonly exchanges: number;
  /** An exchange on it was complete. */
  completed(): void;
  /** Closes it at once, also while it is being opened. What is under way on it fails. */
  destroy(): void;
  /** Closes it if it is idle. */
  evict(): void;
}

/** The connections to one origin at one set of checked addresses. */
export interface ConnectionPool {
  /** A free connection, a new one, or the next that becomes free. */
  acquire(interruption: Interruption): Promise<Connection>;
  /** Gives a connection back after its exchange ended, however it did. */
  release(connection: Connection): void;
  /** Closes idle connections now and the busy ones as they come back; those already waiting are still served. */
  retire(): void;
}

/** Idle sockets of all pools together, so that many receivers don't use up the process's file descriptors. */
export interface IdleSockets {
  /** @param evict closes it; called when there are too many, for the one that has been idle longest */
  add(evict: () => void): void;
  remove(evict: () => void): void;
}

export function createIdleSockets(most: number): IdleSockets {
  const sockets = new Set<() => void>();
  return {
    add(evict) {
      sockets.add(evict);
      if (sockets.size > most) first(sockets)?.();
    },
    remove: (evict) => void sockets.delete(evict),
  };
}

export function createConnectionPool(
  destination: Destination,
  secureContext: SecureContext,
  idleSockets: IdleSockets,
): ConnectionPool {
  const idle: Connection[] = [];
  const waiting = new Set<(connection: Connection) => void>();
  const resumption: TlsResumption = { session: null, since: 0 };
  let open = 0;
  let retired = false;
  let keepFrom = 0;

  function openConnection(): Connection {
    let giveUp = () => {};
    let connected = false;
    let connectedAt = 0;
    let idleSince = 0;
    let exchanges = 0;
    let last = false;
    const client = new Client(originOf(destination), {
      ...keepAlive,
      pipelining: 1,
      allowH2: false,
      maxHeaderSize: maxHeaderBytes,
      // undici's timeouts are per phase and coarse; the exchange's deadline is the only clock.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect(_options, callback) {
        giveUp = openSocket(destination, secureContext, resumption, (failure, socket) => {
          connected = socket !== null;
          connectedAt = performance.now();
          exchanges = 0;
          if (socket) callback(null, socket);
          else callback(failure, null);
        });
      },
    });
    const connection: Connection = {
      client,
      get reusable() {
        return connected && !last && !client.destroyed;
      },
      keepAfterThis() {
        const now = performance.now();
        const old = connected && (now - connectedAt > maxSocketAgeMs || exchanges >= maxSocketRequests - 1);
        last = old || now < keepFrom;
        return !last;
      },
      get exchanges() {
        return exchanges;
      },
      completed() {
        exchanges++;
        idleSince = performance.now();
      },
      destroy() {
        giveUp();
        // The error of whatever is still queued on it, whose exchange has ended, and the mark of a closing of ours.
        void client.destroy(new ExchangeFailure('connect_error', 'connection given up'));
      },
      evict() {
        if (takeFromIdle(connection)) drop(connection);
      },
    };
    client.on('disconnect', (_origin, _targets, error) => {
      connected = false;
      // UND_ERR_INFO is undici's own closing: idle for too long, or announced by the receiver.
      const ours = error instanceof ExchangeFailure || error.code === 'UND_ERR_INFO';
      const now = performance.now();
      if (exchanges > 0 && !ours && now - idleSince < shortestPatienceMs) keepFrom = now + notKeptMs;
      connection.evict();
    });
    open++;
    return connection;
  }

  function takeFromIdle(connection: Connection): boolean {
    idleSockets.remove(connection.evict);
    const index = idle.indexOf(connection);
    if (index >= 0) idle.splice(index, 1);
    return index >= 0;
  }

  function drop(connection: Connection): void {
    connection.destroy();
    open--;
    first(waiting)?.(openConnection());
  }

  return {
    acquire(interruption) {
      return interruption.phase<Connection>((resolve) => {
        const kept = idle.pop();
        if (kept) idleSockets.remove(kept.evict);
        const free = kept ?? (open < maxConnections ? openConnection() : undefined);
        if (free) {
          resolve(free);
          return () => {};
        }
        const served = (connection: Connection) => {
          waiting.delete(served);
          resolve(connection);
        };
        waiting.add(served);
        return () => waiting.delete(served);
      });
    },

    release(connection) {
      const next = first(waiting);
      if (retired || !connection.reusable) {
        drop(connection);
      } else if (next) {
        next(connection);
      } else {
        idle.push(connection);
        idleSockets.add(connection.evict);
      }
    },

    retire() {
      retired = true;
      for (const connection of idle.slice()) connection.evict();
    },
  };
}

function first<T>(set: Set<T>): T | undefined {
  return set.values().next().value;
}

function originOf({ secure, hostname, port }: Destination): string {
  return `${secure ? 'https' : 'http'}://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
}
