import { BlockList, isIPv4, isIPv6 } from 'node:net';

/**
 * IPv4 ranges that are not public: IANA's special-purpose registry, multicast and the reserved block, plus the wire
 * server of Azure, which answers from inside a virtual machine although its address looks public.
 */
const notPublicV4 = ranges('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['168.63.129.16', 32],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]);

/** Global unicast; everything else, the IPv4 addresses written as IPv6 among it, is refused without decoding it. */
const globalUnicastV6 = ranges('ipv6', [['2000::', 3]]);

const notPublicV6 = ranges('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['2620:4f:8000::', 48],
  ['3fff::', 20],
]);

/**
 * Whether a delivery may be sent to this address (security.md 1.2). An allow-list: text that is not a plain IPv4 or
 * IPv6 address, or has a zone (`fe80::1%eth0`), is not public.
 */
export function isPublicAddress(ip: string): boolean {
  if (isIPv4(ip)) return !notPublicV4.check(ip, 'ipv4');
  if (!isIPv6(ip) || ip.includes('%')) return false;
  return globalUnicastV6.check(ip, 'ipv6') && !notPublicV6.check(ip, 'ipv6');
}

function ranges(family: 'ipv4' | 'ipv6', subnets: [network: string, prefix: number][]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of subnets) list.addSubnet(network, prefix, family);
  return list;
}
