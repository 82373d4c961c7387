import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { now } from './clock';

/**
 * The receiver, a process of its own: `POST /accept` is answered 204, `POST /refuse` 500. `GET /groups/<group>` tells
 * how many different ids of a group came and how many came again, with `?arrivals` also when each came first.
 * Argument: the port of 127.0.0.1 to listen on.
 */
interface Group {
  /** First arrival by id, in milliseconds of the monotonic clock. */
  arrivals: Map<string, number>;
  repeats: number;
}

const groups = new Map<string, Group>();

function groupOf(name: string): Group {
  const group = groups.get(name) ?? { arrivals: new Map<string, number>(), repeats: 0 };
  groups.set(name, group);
  return group;
}

function receive(request: IncomingMessage, response: ServerResponse): void {
  const arrivedAt = now();
  const id = String(request.headers['webhook-id']);
  const group = groupOf(id.split('-', 1)[0] ?? '');
  if (group.arrivals.has(id)) group.repeats += 1;
  else group.arrivals.set(id, arrivedAt);
  request.resume();
  request.once('end', () => response.writeHead(request.url === '/refuse' ? 500 : 204).end());
}

function tell(url: URL, response: ServerResponse): void {
  const { arrivals, repeats } = groupOf(url.pathname.slice('/groups/'.length));
  const listed = url.searchParams.has('arrivals') && { arrivals: [...arrivals] };
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ count: arrivals.size, repeats, ...listed }));
}

createServer((request, response) => {
  if (request.method === 'POST') receive(request, response);
  else tell(new URL(request.url ?? '/', 'http://receiver'), response);
}).listen(Number(process.argv[2]), '127.0.0.1');
