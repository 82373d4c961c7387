import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Proxy {
  /** The upstream's URL with this proxy in place of its host. */
  url: string;
  /** Ends every connection and refuses new ones, as a server that has stopped. */
  cut(): Promise<void>;
  /** Takes connections again, on the same port. */
  mend(): Promise<void>;
}

/** A way to a server on loopback that can be interrupted. */
export async function startProxy(upstreamUrl: string): Promise<Proxy> {
  const upstream = new URL(upstreamUrl);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const onward = connect(Number(upstream.port), upstream.hostname);
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {}).on('close', () => (sockets.delete(from), to.destroy()));
      from.pipe(to);
    }
  });
  let port = 0;
  const mend = async () => {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  };
  await mend();
  return {
    url: Object.assign(new URL(upstreamUrl), { host: `127.0.0.1:${port}` }).href,
    mend,
    cut: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
