import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { TLSSocket } from 'node:tls';
import { createDatabase } from '../../src/store/database';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { createAuthority, type Authority, type Identity } from '../support/tls';

/** PostgreSQL's SSLRequest: a length of 8, and the number that stands for a version. */
const sslRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);

let upstream: TestDatabase;
let authority: Authority;
let directory: string;
let ca: string;

beforeAll(async () => {
  upstream = await createTestDatabase();
  authority = await createAuthority();
  directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-database-tls-'));
  ca = path.join(directory, 'ca.pem');
  await writeFile(ca, authority.ca);
});
afterAll(async () => {
  await upstream.drop();
  await rm(directory, { recursive: true });
});

/** TLS in front of the test's PostgreSQL, as PostgreSQL itself begins it; null: it says that it has none. */
async function startDoor(identity: Identity | null) {
  const sockets = new Set<Socket>();
  let inTheClear = false;
  const door = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', (first) => {
      if (!first.equals(sslRequest)) inTheClear = true;
      if (!identity || !first.equals(sslRequest)) {
        socket.end(first.equals(sslRequest) ? 'N' : '');
        return;
      }
      socket.write('S');
      const secure = new TLSSocket(socket, { isServer: true, ...identity });
      const { hostname, port } = new URL(upstream.url);
      const onward = connect(Number(port), hostname);
      sockets.add(onward);
      for (const [from, to] of [
        [secure, onward],
        [onward, secure],
      ] as const) {
        from.on('error', () => {}).on('close', () => to.destroy());
        from.pipe(to);
      }
    });
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  const url = new URL(upstream.url);
  url.host = `localhost:${(door.address() as AddressInfo).port}`;
  url.searchParams.set('sslmode', 'verify-full');
  url.searchParams.set('sslrootcert', ca);
  return {
    url: url.href,
    saidInTheClear: () => inTheClear,
    close() {
      door.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function ask(url: string): Promise<unknown> {
  const database = createDatabase(url, { max: 1 });
  try {
    const { rows } = await database.raw<{ rows: unknown[] }>('SELECT 1 AS one');
    return rows;
  } finally {
    await database.destroy();
  }
}

describe('a DATABASE_URL with sslmode=verify-full', () => {
  it('reaches a server whose certificate is of the CA it names and for its host', async () => {
    const door = await startDoor(await authority.issue('localhost'));
    try {
      expect(await ask(door.url)).toEqual([{ one: 1 }]);
    } finally {
      door.close();
    }
  });

  it.each<[string, () => Promise<Identity | null>]>([
    ['with a certificate of another CA', async () => (await createAuthority()).issue('localhost')],
    ['with a certificate for another host', () => authority.issue('database.example')],
    ['that has no TLS', async () => null],
  ])('reaches no server %s, and tells it nothing in the clear', async (_what, identity) => {
    const door = await startDoor(await identity());
    try {
      await expect(ask(door.url)).rejects.toThrow();
      expect(door.saidInTheClear()).toBe(false);
    } finally {
      door.close();
    }
  });
});
