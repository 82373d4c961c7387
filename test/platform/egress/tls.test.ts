import { execFile } from 'node:child_process';
import path from 'node:path';
import { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { type DnsServer, startDnsServer } from '../../support/dns-server';
import { type HttpReceiver, type Receiver, startRawReceiver, startReceiver } from '../../support/receivers';
import { type Authority, createAuthority, type Identity, selfSigned } from '../../support/tls';
import { openEgress } from './open-egress';

const closers: (() => Promise<void>)[] = [];
let authority: Authority;
let dns: DnsServer;

beforeAll(async () => {
  authority = await createAuthority();
  dns = await startDnsServer({ 'receiver.test': { a: ['127.0.0.1'], ttl: 60 } });
});
afterAll(() => dns.close());
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function posting(receiver: Receiver, deadlineMs = 5000) {
  const url = `https://receiver.test:${receiver.port}`;
  const egress = openEgress({ allow: url, dnsServers: [dns.address], extraCa: [authority.ca] });
  closers.push(
    () => egress.close(),
    () => receiver.close(),
  );
  return { url, egress, result: await egress.post(`${url}/hooks`, { deadlineMs }) };
}

describe('TLS', () => {
  it('reaches a receiver whose certificate is for the name in the URL', async () => {
    const receiver = await startReceiver(undefined, await authority.issue('receiver.test'));
    const { egress, url, result } = await posting(receiver);
    expect(result).toMatchObject({ kind: 'response', statusCode: 200, body: Buffer.from('ok') });
    expect(await egress.post(url)).toMatchObject({ statusCode: 200 });
    expect(receiver.connections()).toBe(1);
  });

  it('tells the receiver that name', async () => {
    let servername: unknown;
    const receiver = await startRawReceiver(
      (socket) => {
        servername = 'servername' in socket ? socket.servername : undefined;
        socket.end('HTTP/1.1 204 No Content\r\n\r\n');
      },
      await authority.issue('receiver.test'),
    );
    await posting(receiver);
    expect(servername).toBe('receiver.test');
  });

  it('is resumed by the next connection to the same receiver, and a refused certificate is refused again', async () => {
    const resumed: boolean[] = [];
    const receiver = await startRawReceiver(
      (socket) => {
        if (socket instanceof TLSSocket) resumed.push(socket.isSessionReused());
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'));
      },
      await authority.issue('receiver.test'),
    );
    const { egress, url } = await posting(receiver);
    await egress.post(url);
    // Of another tenant.
    await egress.post(url, { tenantId: 'another' });
    expect(resumed).toEqual([false, true, false]);

    const stranger = await startReceiver(undefined, await authority.issue('other.test'));
    const refusing = await posting(stranger);
    for (let i = 0; i < 2; i++)
      expect(await refusing.egress.post(refusing.url)).toMatchObject({ errorClass: 'tls_error' });
    expect(stranger.requests).toEqual([]);
  });

  const refused: [what: string, code: string, identity: () => Promise<Identity>][] = [
    ['for another host', 'ERR_TLS_CERT_ALTNAME_INVALID', () => authority.issue('other.test')],
    ['that has expired', 'CERT_HAS_EXPIRED', () => authority.issue('receiver.test', new Date(Date.now() - 60_000))],
    ['signed by itself', 'DEPTH_ZERO_SELF_SIGNED_CERT', () => selfSigned('receiver.test')],
    [
      'of an unknown authority',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      async () => (await createAuthority('Another authority')).issue('receiver.test'),
    ],
  ];
  it.each(refused)('refuses a certificate %s and sends nothing', async (_what, code, identity) => {
    const receiver: HttpReceiver = await startReceiver(undefined, await identity());
    const { result } = await posting(receiver);
    expect(result).toMatchObject({ kind: 'error', errorClass: 'tls_error', statusCode: null });
    expect(result).toHaveProperty('detail', `${code} (127.0.0.1)`);
    expect(receiver.requests).toEqual([]);
  });

  it.each<[string, () => Promise<Receiver>]>([
    ['speaks plain HTTP', () => startReceiver()],
    ['closes in the handshake', () => startRawReceiver((socket) => socket.once('data', () => socket.end()))],
    [
      'resets in the handshake',
      () => startRawReceiver((socket) => socket.once('data', () => socket.resetAndDestroy())),
    ],
    ['answers garbage in the handshake', () => startRawReceiver((socket) => socket.end('garbage'.repeat(100)))],
  ])('fails with a receiver that %s', async (_what, start) => {
    const { result } = await posting(await start());
    expect(result).toMatchObject({ kind: 'error', errorClass: 'tls_error', statusCode: null });
  });

  it('that hangs in the handshake ends at the deadline', async () => {
    const { result } = await posting(await startRawReceiver((socket) => socket.resume()), 300);
    expect(result).toMatchObject({ kind: 'error', errorClass: 'timeout', statusCode: null });
    expect(result.durationMs).toBeLessThan(1000);
  });

  it('is verified although the environment turns verification off for all that trusts its default', async () => {
    const receiver = await startReceiver(undefined, await selfSigned('localhost'));
    closers.push(() => receiver.close());
    // A process of its own: Node reads the variable from its real environment only.
    const built = path.join(__dirname, '..', '..', '..', 'dist', 'src', 'platform', 'egress', 'egress.js');
    const script = `
      const [, built, origin] = process.argv;
      const egress = require(built).createEgress({ allowedOrigins: [{ origin }], dnsServers: [] });
      egress.send({ url: origin, method: 'POST', headers: {}, body: Buffer.from('{}'), deadlineMs: 5000 })
        .then((result) => { console.log(JSON.stringify(result)); return egress.close(); });`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--no-warnings', '-e', script, built, `https://localhost:${receiver.port}`],
      { env: { PATH: process.env.PATH, NODE_TLS_REJECT_UNAUTHORIZED: '0' } },
    );
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'error', errorClass: 'tls_error' });
    expect(receiver.requests).toEqual([]);
  });
});
