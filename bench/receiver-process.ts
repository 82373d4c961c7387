import { createServer, type Socket } from 'node:net';
import { z } from 'zod';
import { answerParent } from './child';
import { now } from './clock';
import { createMessageReader } from './http-messages';
import { createLedger, type Ledger } from './ledger';
import { receiverQuestion } from './receiver-questions';

/**
 * The receiver, a process of its own on bare sockets: it must cost little beside what is measured. By path: `/accept` is
 * answered 204, as is `/fan/<of>/<which>` (one of so many copies); `/refuse` 500; `/switch` 500 until it is opened, then
 * 204; `/hang` never. What comes is noted under the `webhook-id`, `<group>-<number>`. Argument: the port of 127.0.0.1.
 */
const accepted = Buffer.from('HTTP/1.1 204 No Content\r\n\r\n');
const refused = Buffer.from('HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n');
const webhookId = /\r\nwebhook-id: *([^\r]+)-(\d+)\r/i;
const copy = /^\/fan\/(\d+)\/(\d+)$/;
const wantsClose = /\r\nconnection: *close\r/i;

const groups = new Map<string, Ledger>();
let isOpen = false;

function groupOf(name: string): Ledger {
  let group = groups.get(name);
  if (!group) groups.set(name, (group = createLedger()));
  return group;
}

function receive(socket: Socket, head: string, at: number): void {
  const path = head.slice(head.indexOf(' ') + 1, head.indexOf(' HTTP/'));
  const [, group, number] = webhookId.exec(head) ?? [];
  if (group !== undefined) {
    const [, of = 1, which = 0] = copy.exec(path) ?? [];
    groupOf(group).note(Number(number) * Number(of) + Number(which), at);
  }
  if (path === '/hang') return;
  socket.write(path === '/refuse' || (path === '/switch' && !isOpen) ? refused : accepted);
  if (wantsClose.test(head)) socket.end();
}

const server = createServer({ noDelay: true }, (socket) => {
  let at = 0;
  const read = createMessageReader((head) => receive(socket, head, at));
  socket.on('data', (chunk) => {
    at = now();
    read(chunk);
  });
  socket.on('error', () => socket.destroy());
});

server.listen(z.coerce.number().parse(process.argv[2]), '127.0.0.1', () => {
  answerParent(async (raw) => {
    const question = receiverQuestion.parse(raw);
    if (question.kind === 'open') {
      isOpen = question.open;
      return null;
    }
    const group = groupOf(question.group);
    if (question.kind === 'reach') {
      await group.reach(question.count, question.withinMs);
      return { count: group.count };
    }
    return { times: group.times(), again: group.again };
  });
});
