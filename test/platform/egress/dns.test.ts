import { type DnsReply, type DnsServer, startDnsServer } from '../../support/dns-server';
import { type HttpReceiver, startReceiver } from '../../support/receivers';
import { type OpenEgress, openEgress } from './open-egress';

const publicAddress = '198.41.0.4';
const closers: (() => Promise<void>)[] = [];
let dns: DnsServer;
let receiver: HttpReceiver;
/** The origin of the receiver by a name; allowed, so that loopback may answer to it. */
let origin: string;
let egress: OpenEgress;

beforeEach(async () => {
  dns = await startDnsServer();
  receiver = await startReceiver();
  origin = `http://receiver.test:${receiver.port}`;
  egress = openEgress({ allow: `${origin},http://localhost:${receiver.port}`, dnsServers: [dns.address] });
  closers.push(
    () => egress.close(),
    () => receiver.close(),
    () => dns.close(),
  );
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A host that is allowed nothing, on the receiver's port: had its address been dialled, the receiver would know. */
const stranger = () => `https://hooks.example.com:${receiver.port}`;

describe('a name is blocked', () => {
  const blocked: [what: string, reply: DnsReply][] = [
    ['is loopback', { a: ['127.0.0.1'] }],
    ['is private', { a: ['10.0.0.1'] }],
    ['is the metadata address', { a: ['169.254.169.254'] }],
    ['has a public and a private address', { a: [publicAddress, '127.0.0.1'] }],
    ['has a public IPv4 and a private IPv6 address', { a: [publicAddress], aaaa: ['::1'] }],
    ['has a public IPv6 and a private IPv4 address', { a: ['127.0.0.1'], aaaa: ['2606:4700:4700::1111'] }],
    ['is loopback mapped into IPv6', { aaaa: ['::ffff:127.0.0.1'] }],
    ['is loopback through NAT64', { aaaa: ['64:ff9b::7f00:1'] }],
    ['is an alias of a private name', { cname: 'db.intern.example', a: ['127.0.0.1'] }],
    [
      'has its private address behind more public ones than are dialled',
      { a: [...Array.from({ length: 20 }, (_, i) => `198.41.1.${i}`), '127.0.0.1'] },
    ],
  ];
  it.each(blocked)('when it %s', async (_what, reply) => {
    dns.answer('hooks.example.com', reply);
    const result = await egress.post(stranger());
    expect(result).toMatchObject({ kind: 'error', errorClass: 'blocked_address', statusCode: null });
    expect(receiver.connections()).toBe(0);
  });

  it('when it was public at first and then private', async () => {
    // Of the public range and nobody's yet: whatever the network here makes of it, it is dialled and not blocked.
    dns.answer('hooks.example.com', [{ aaaa: ['2d00::1'] }, { a: ['127.0.0.1'] }]);
    const first = await egress.post(stranger(), { deadlineMs: 100 });
    expect(first).toMatchObject({
      kind: 'error',
      errorClass: expect.stringMatching(/timeout|connect_error|tls_error/),
    });
    expect(await egress.post(stranger())).toMatchObject({ errorClass: 'blocked_address' });
    expect(receiver.connections()).toBe(0);
  });

  it('without being resolved when the URL policy no longer allows it', async () => {
    const urls = [
      `http://other.test:${receiver.port}`,
      `http://hooks.example.com`,
      'https://127.0.0.1',
      'https://[::1]',
    ];
    for (const url of urls) expect(await egress.post(url)).toMatchObject({ errorClass: 'blocked_address' });
    expect(dns.queries).toEqual([]);
  });
});

describe('a name that can not be resolved', () => {
  it.each<[DnsReply, string]>([
    ['NXDOMAIN', 'dns_error'],
    ['SERVFAIL', 'dns_error'],
    [{}, 'dns_error'],
    ['silence', 'timeout'],
  ])('(%j) ends in %s', async (reply, errorClass) => {
    dns.answer('receiver.test', reply);
    const result = await egress.post(origin, { deadlineMs: reply === 'silence' ? 400 : 5000 });
    expect(result).toMatchObject({ kind: 'error', errorClass, statusCode: null });
    expect(result.durationMs).toBeLessThan(1200);
  });

  it('is asked for again the next time', async () => {
    dns.answer('receiver.test', ['NXDOMAIN', { a: ['127.0.0.1'], ttl: 60 }]);
    expect(await egress.post(origin)).toMatchObject({ errorClass: 'dns_error' });
    expect(await egress.post(origin)).toMatchObject({ statusCode: 200 });
  });

  it('gives up for each caller at its own deadline or signal', async () => {
    dns.answer('receiver.test', 'silence');
    const controller = new AbortController();
    const aborted = egress.post(origin, { signal: controller.signal });
    const short = egress.post(origin, { deadlineMs: 200 });
    const long = egress.post(origin, { deadlineMs: 800 });
    controller.abort('shutdown');
    await expect(aborted).rejects.toBe('shutdown');
    expect((await short).durationMs).toBeLessThan(790);
    expect((await long).durationMs).toBeGreaterThan(790);
  });

  it('uses up the deadline of the whole exchange', async () => {
    const slow = await startReceiver((_request, response) => setTimeout(() => response.end(), 1000));
    closers.unshift(() => slow.close());
    const url = `http://receiver.test:${slow.port}`;
    const patient = openEgress({ allow: url, dnsServers: [dns.address] });
    closers.unshift(() => patient.close());
    dns.answer('receiver.test', { a: ['127.0.0.1'], delayMs: 300 });
    const result = await patient.post(url, { deadlineMs: 1000 });
    expect(slow.connections()).toBe(1);
    expect(result).toMatchObject({ errorClass: 'timeout' });
    expect(result.durationMs).toBeLessThan(1400);
  });
});

describe('a resolved name', () => {
  it('is asked for once as long as its TTL lets it', async () => {
    dns.answer('receiver.test', { a: ['127.0.0.1'], ttl: 60 });
    await Promise.all([egress.post(origin), egress.post(origin)]);
    await egress.post(origin);
    expect(dns.queries.sort()).toEqual(['A receiver.test', 'AAAA receiver.test']);
  });

  it('is asked for every time when its TTL is 0', async () => {
    dns.answer('receiver.test', { a: ['127.0.0.1'], ttl: 0 });
    await egress.post(origin);
    await egress.post(origin);
    expect(dns.queries).toHaveLength(4);
  });

  it('is dialled at its next address when the first refuses', async () => {
    dns.answer('receiver.test', { a: ['127.0.0.2', '127.0.0.1'] });
    expect(await egress.post(origin)).toMatchObject({ statusCode: 200 });
  });

  it('keeps its name in the Host header', async () => {
    dns.answer('receiver.test', { a: ['127.0.0.1'] });
    await egress.post(origin);
    expect(receiver.requests[0]?.headers.host).toBe(`receiver.test:${receiver.port}`);
  });

  it('need not be asked for when it is localhost', async () => {
    expect(await egress.post(`http://localhost:${receiver.port}`)).toMatchObject({ statusCode: 200 });
    expect(dns.queries).toEqual([]);
  });
});

it('a malformed DNS server is found at the start', () => {
  expect(() => openEgress({ dnsServers: ['not an address'] })).toThrow('Invalid IP address');
});
