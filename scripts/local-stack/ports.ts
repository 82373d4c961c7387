import { randomInt } from 'node:crypto';
import { connect, createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { isCode } from './cache';

const LOWEST = 20_000;

/**
 * A TCP port free on 127.0.0.1, for a program that can't be told to choose one itself. One connection is opened and closed
 * from the listening side, which leaves the port in TIME_WAIT: for about a minute the kernel gives it to nobody who asks
 * for any port, while a server with SO_REUSEADDR (all of ours) may still bind it.
 */
export async function reservePort(wanted = 0): Promise<number> {
  const server = createServer((accepted) => accepted.end());
  server.listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connect(port, '127.0.0.1');
  client.resume();
  await once(client, 'close');
  server.close();
  await once(server, 'close');
  return port;
}

/** The same, below the range from which the kernel chooses. */
export async function reservePortUpTo(highest: number): Promise<number> {
  for (;;) {
    try {
      return await reservePort(randomInt(LOWEST, highest + 1));
    } catch (error) {
      if (!isCode(error, 'EADDRINUSE')) throw error;
    }
  }
}

/** Whether something accepts connections at 127.0.0.1:port. */
export async function accepts(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
