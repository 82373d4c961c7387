import { isPublicAddress } from '../../src/domain/address-policy';

const ranges: [name: string, first: string, last: string, before: string | null, after: string | null][] = [
  ['this network', '0.0.0.0', '0.255.255.255', null, '1.0.0.0'],
  ['private 10/8', '10.0.0.0', '10.255.255.255', '9.255.255.255', '11.0.0.0'],
  ['shared by carriers', '100.64.0.0', '100.127.255.255', '100.63.255.255', '100.128.0.0'],
  ['loopback', '127.0.0.0', '127.255.255.255', '126.255.255.255', '128.0.0.0'],
  ['Azure wire server', '168.63.129.16', '168.63.129.16', '168.63.129.15', '168.63.129.17'],
  ['link-local', '169.254.0.0', '169.254.255.255', '169.253.255.255', '169.255.0.0'],
  ['private 172.16/12', '172.16.0.0', '172.31.255.255', '172.15.255.255', '172.32.0.0'],
  ['protocol assignments', '192.0.0.0', '192.0.0.255', '191.255.255.255', '192.0.1.0'],
  ['TEST-NET-1', '192.0.2.0', '192.0.2.255', '192.0.1.255', '192.0.3.0'],
  ['AS112', '192.31.196.0', '192.31.196.255', '192.31.195.255', '192.31.197.0'],
  ['AMT', '192.52.193.0', '192.52.193.255', '192.52.192.255', '192.52.194.0'],
  ['6to4 relay', '192.88.99.0', '192.88.99.255', '192.88.98.255', '192.88.100.0'],
  ['private 192.168/16', '192.168.0.0', '192.168.255.255', '192.167.255.255', '192.169.0.0'],
  ['direct AS112', '192.175.48.0', '192.175.48.255', '192.175.47.255', '192.175.49.0'],
  ['benchmarking', '198.18.0.0', '198.19.255.255', '198.17.255.255', '198.20.0.0'],
  ['TEST-NET-2', '198.51.100.0', '198.51.100.255', '198.51.99.255', '198.51.101.0'],
  ['TEST-NET-3', '203.0.113.0', '203.0.113.255', '203.0.112.255', '203.0.114.0'],
  ['multicast', '224.0.0.0', '239.255.255.255', '223.255.255.255', null],
  ['reserved', '240.0.0.0', '255.255.255.254', null, null],
  ['broadcast', '255.255.255.255', '255.255.255.255', null, null],
  ['unspecified to before global unicast', '::', '1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', null, null],
  ['Teredo and protocol assignments', '2001::', '2001:1ff:ffff::', '2000:ffff::', '2001:200::'],
  ['documentation', '2001:db8::', '2001:db8:ffff::', '2001:db7:ffff::', '2001:db9::'],
  ['6to4', '2002::', '2002:ffff:ffff::', '2001:ffff::', '2003::'],
  ['direct AS112, IPv6', '2620:4f:8000::', '2620:4f:8000:ffff::', '2620:4f:7fff::', '2620:4f:8001::'],
  ['documentation 3fff::/20', '3fff::', '3fff:fff:ffff::', '3ffe:ffff::', '3fff:1000::'],
  ['everything after global unicast', '4000::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '3fff:ffff::', null],
];

describe.each(ranges)('%s', (_name, first, last, before, after) => {
  it('is not public from its first to its last address', () => {
    expect([first, last].map(isPublicAddress)).toEqual([false, false]);
  });

  it('ends where its neighbours begin', () => {
    const neighbours = [before, after].filter((address) => address !== null);
    expect(neighbours.map(isPublicAddress)).toEqual(neighbours.map(() => true));
  });
});

describe('isPublicAddress', () => {
  it.each(['1.1.1.1', '8.8.8.8', '93.184.216.34', '2606:4700:4700::1111', '2a00:1450:4001:81b::200e'])(
    'lets %s pass',
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );

  it.each([
    ['169.254.169.254', 'metadata of clouds'],
    ['100.100.100.200', 'metadata of Alibaba'],
    ['fd00:ec2::254', 'metadata of AWS over IPv6'],
    ['::1', 'loopback'],
    ['::127.0.0.1', 'IPv4-compatible'],
    ['::7f00:1', 'IPv4-compatible in hexadecimal'],
    ['::ffff:127.0.0.1', 'mapped loopback'],
    ['::ffff:a9fe:a9fe', 'mapped metadata address in hexadecimal'],
    ['::ffff:1.1.1.1', 'mapped, even when the inner address is public'],
    ['::ffff:0:127.0.0.1', 'SIIT'],
    ['64:ff9b::1.1.1.1', 'NAT64'],
    ['64:ff9b:1::1', 'local NAT64'],
    ['100::1', 'discard'],
    ['5f00::1', 'segment routing'],
    ['fc00::1', 'unique local'],
    ['fe80::1', 'link-local'],
    ['fec0::1', 'site-local'],
    ['ff02::1', 'multicast'],
    ['2002:7f00:1::', '6to4 of loopback'],
    ['2001:0:7f00:1::', 'Teredo'],
  ])('refuses %s (%s)', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each([
    '',
    'localhost',
    '1.1.1',
    '0x1.1.1.1',
    '01.1.1.1',
    '16843009',
    ' 1.1.1.1',
    '1.1.1.1 ',
    '[2606::1]',
    '2606::1%eth0',
  ])('refuses %j, which is no plain address', (text) => {
    expect(isPublicAddress(text)).toBe(false);
  });
});
