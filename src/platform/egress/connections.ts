import type { SecureContext } from 'node:tls';
import { Client } from 'undici';
import { type Destination, openSocket } from './connect';
import { ExchangeFailure } from './failure';
import type { Interruption } from './interruption';

/** More requests than this to one origin wait for each other, so that a hanging receiver holds few sockets. */
const maxConnections = 50;

/**
 * Receivers close idle connections whenever they like, and a POST that crosses such a close is lost without anyone
 * knowing whether it was processed: it fails the attempt and is never sent again here. Three things make that rare:
 * an idle socket lives shorter than any usual server's patience (the shortest default in use is 2 s, gunicorn's), or a
 * second less than the receiver's own `Keep-Alive` hint; undici lets the event loop turn once before it uses a socket
 * again, so that a close that has already arrived is seen and a new connection is opened instead; and a receiver that
 * closes a kept connection all the same gets one connection a request for a while.
 */
const keepAlive = { keepAliveTimeout: 1500, keepAliveTimeoutThreshold: 1000, keepAliveMaxTimeout: 4000 };
const notKeptMs = 5 * 60_000;

const maxHeaderBytes = 16 * 1024;

/** One HTTP/1.1 connection slot: used by one exchange at a time, reconnects to the same checked addresses. */
export interface Connection {
  readonly client: Client;
  /** There is an open socket, or one whose closing has not been noticed yet. */
  readonly reusable: boolean;
  /** Whether to ask the receiver to keep it open after the exchange. */
  readonly keep: boolean;
  /** An exchange on its present socket was complete. */
  used: boolean;
  /** Closes it at once, also while it is being opened. What is under way on it fails. */
  destroy(): void;
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

export function createConnectionPool(destination: Destination, secureContext: SecureContext): ConnectionPool {
  const idle: Connection[] = [];
  const waiting = new Set<(connection: Connection) => void>();
  let open = 0;
  let retired = false;
  let keepFrom = 0;

  function openConnection(): Connection {
    let giveUp = () => {};
    let connected = false;
    const client = new Client(originOf(destination), {
      ...keepAlive,
      pipelining: 1,
      allowH2: false,
      maxHeaderSize: maxHeaderBytes,
      // undici's timeouts are per phase and coarse; the exchange's deadline is the only clock.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect(_options, callback) {
        giveUp = openSocket(destination, secureContext, (failure, socket) => {
          connected = socket !== null;
          connection.used = false;
          if (socket) callback(null, socket);
          else callback(failure, null);
        });
      },
    });
    const connection: Connection = {
      client,
      get reusable() {
        return connected && !client.destroyed;
      },
      get keep() {
        return performance.now() >= keepFrom;
      },
      used: false,
      destroy() {
        giveUp();
        // The error of whatever is still queued on it, whose exchange has ended, and the mark of a closing of ours.
        void client.destroy(new ExchangeFailure('connect_error', 'connection given up'));
      },
    };
    client.on('disconnect', (_origin, _targets, error) => {
      connected = false;
      // UND_ERR_INFO is undici's own closing: idle for too long, or announced by the receiver.
      const ours = error instanceof ExchangeFailure || error.code === 'UND_ERR_INFO';
      if (connection.used && !ours) keepFrom = performance.now() + notKeptMs;
      const index = idle.indexOf(connection);
      if (index < 0) return;
      idle.splice(index, 1);
      drop(connection);
    });
    open++;
    return connection;
  }

  function drop(connection: Connection): void {
    connection.destroy();
    open--;
    first(waiting)?.(openConnection());
  }

  return {
    acquire(interruption) {
      return interruption.phase<Connection>((resolve) => {
        const free = idle.pop() ?? (open < maxConnections ? openConnection() : undefined);
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
      connection.used = true;
      const next = first(waiting);
      if (retired || !connection.reusable) drop(connection);
      else if (next) next(connection);
      else idle.push(connection);
    },

    retire() {
      retired = true;
      for (const connection of idle.splice(0)) drop(connection);
    },
  };
}

function first<T>(set: Set<T>): T | undefined {
  return set.values().next().value;
}

function originOf({ secure, hostname, port }: Destination): string {
  return `${secure ? 'https' : 'http'}://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
}
