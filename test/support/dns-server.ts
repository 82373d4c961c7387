import { createSocket } from 'node:dgram';
import { type Answer, decode, encode } from 'dns-packet';

/** What a name resolves to; `silence` is no answer at all. A TTL is in seconds, 0 unless said. */
export type DnsReply =
  | { a?: string[]; aaaa?: string[]; cname?: string; ttl?: number; delayMs?: number }
  | 'NXDOMAIN'
  | 'SERVFAIL'
  | 'silence';

export interface DnsServer {
  /** For EGRESS_DNS_SERVERS: `127.0.0.1:port`. */
  address: string;
  /** What was asked so far, such as `A receiver.test`. */
  queries: string[];
  /** Answers a name from now on. With a list, each A query moves to the next and the last one stays. */
  answer(name: string, reply: DnsReply | DnsReply[]): void;
  close(): Promise<void>;
}

const rcodes = { NXDOMAIN: 3, SERVFAIL: 2 };

/** A DNS server on loopback. A name that it was not told is NXDOMAIN. */
export async function startDnsServer(names: Record<string, DnsReply | DnsReply[]> = {}): Promise<DnsServer> {
  const replies = new Map<string, DnsReply[]>();
  const asked = new Map<string, number>();
  const queries: string[] = [];
  const late = new Set<NodeJS.Timeout>();
  const socket = createSocket('udp4');

  function answer(name: string, reply: DnsReply | DnsReply[]): void {
    replies.set(name, Array.isArray(reply) ? reply : [reply]);
    asked.delete(name);
  }
  for (const [name, reply] of Object.entries(names)) answer(name, reply);

  socket.on('message', (message, peer) => {
    const query = decode(message);
    const question = query.questions?.[0];
    if (!question) return;
    const { type, name } = question;
    queries.push(`${type} ${name}`);
    const list = replies.get(name) ?? ['NXDOMAIN'];
    // A and AAAA of one look-up come in either order and belong together.
    const count = asked.get(`${type} ${name}`) ?? 0;
    asked.set(`${type} ${name}`, count + 1);
    const reply = list[Math.min(count, list.length - 1)] ?? 'NXDOMAIN';
    if (reply === 'silence') return;
    const rcode = typeof reply === 'string' ? rcodes[reply] : 0;
    const answers = typeof reply === 'string' ? [] : answersTo(name, type, reply);
    // RD and RA as a recursive resolver sets them.
    const response = encode({ type: 'response', id: query.id, flags: 0x0180 | rcode, questions: [question], answers });
    const send = () => socket.send(response, peer.port, peer.address);
    if (typeof reply === 'object' && reply.delayMs) late.add(setTimeout(send, reply.delayMs));
    else send();
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));

  return {
    address: `127.0.0.1:${socket.address().port}`,
    queries,
    answer,
    close: () => {
      late.forEach(clearTimeout);
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  };
}

function answersTo(name: string, type: string, reply: Exclude<DnsReply, string>): Answer[] {
  const { a = [], aaaa = [], cname, ttl = 0 } = reply;
  const owner = cname ?? name;
  const addresses: Answer[] =
    type === 'A'
      ? a.map((data) => ({ type: 'A', name: owner, ttl, data }))
      : type === 'AAAA'
        ? aaaa.map((data) => ({ type: 'AAAA', name: owner, ttl, data }))
        : [];
  return cname ? [{ type: 'CNAME', name, ttl, data: cname }, ...addresses] : addresses;
}
