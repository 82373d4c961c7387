import { connect, type Socket } from 'node:net';
import { createMessageReader } from './http-messages';

/** Connections to one server that are kept, each with one request at a time: as a pool of any HTTP client, for less. */
export interface HttpLanes {
  /** Sends a whole request and resolves with the answer's status. @throws Error when the connection breaks */
  send(request: string): Promise<number>;
  close(): void;
}

interface Lane {
  socket: Socket;
  answered: ((status: number) => void) | null;
  failed: ((error: Error) => void) | null;
}

export function createHttpLanes(port: number): HttpLanes {
  const idle: Lane[] = [];
  const open = new Set<Socket>();

  function openLane(): Lane {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const lane: Lane = { socket, answered: null, failed: null };
    open.add(socket);
    const read = createMessageReader((head) => {
      const answered = lane.answered;
      lane.answered = lane.failed = null;
      idle.push(lane);
      // "HTTP/1.1 202 Accepted"
      answered?.(Number(head.slice(9, 12)));
    });
    const end = (error: Error) => {
      open.delete(socket);
      const at = idle.indexOf(lane);
      if (at >= 0) idle.splice(at, 1);
      lane.failed?.(error);
      lane.answered = lane.failed = null;
    };
    socket.on('data', (chunk) => {
      try {
        read(chunk);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.once('error', end);
    socket.once('close', () => end(new Error('the connection was closed')));
    return lane;
  }

  return {
    send(request) {
      const lane = idle.pop() ?? openLane();
      return new Promise((resolve, reject) => {
        lane.answered = resolve;
        lane.failed = reject;
        lane.socket.write(request, 'latin1');
      });
    },
    close() {
      for (const socket of open) socket.destroy();
    },
  };
}
