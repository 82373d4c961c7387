import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventRequest } from '../../bench/generator-questions';
import { createHttpLanes } from '../../bench/http-lanes';

const target = { authorization: 'Bearer t', type: 'bench.plain', port: 0 };

it('publishes over connections that it keeps, one request at a time on each', async () => {
  const seen: { path: string; authorization: string; ids: string[]; port: number }[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const body: { id?: string; events?: { id: string }[] } = JSON.parse(text);
      seen.push({
        path: request.url ?? '',
        authorization: request.headers.authorization ?? '',
        ids: (body.events ?? [{ id: body.id ?? '' }]).map(({ id }) => id),
        port: request.socket.remotePort ?? 0,
      });
      const answer = JSON.stringify({ ok: true });
      response.writeHead(202, { 'content-length': answer.length }).end(answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const lanes = createHttpLanes(port);
  try {
    expect(await lanes.send(eventRequest({ ...target, port, perRequest: 1 }, 'g', 7, 8))).toBe(202);
    expect(await lanes.send(eventRequest({ ...target, port, perRequest: 3 }, 'g', 8, 10))).toBe(202);
    expect(seen.map(({ path, authorization, ids }) => ({ path, authorization, ids }))).toEqual([
      { path: '/api/v1/events', authorization: 'Bearer t', ids: ['g-7'] },
      { path: '/api/v1/events/batch', authorization: 'Bearer t', ids: ['g-8', 'g-9'] },
    ]);
    expect(seen[1]?.port).toBe(seen[0]?.port);

    const single = eventRequest({ ...target, port, perRequest: 1 }, 'g', 0, 1);
    await Promise.all([lanes.send(single), lanes.send(single)]);
    expect(seen[3]?.port).not.toBe(seen[2]?.port);

    server.closeAllConnections();
    server.close();
    await once(server, 'close');
    await expect(lanes.send(single)).rejects.toThrow();
  } finally {
    lanes.close();
  }
});
