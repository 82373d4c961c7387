import { createClient } from '../../src/client';
import { terminalOf, type Output } from '../../src/cli/output';
import { coloured, plain, usesColour } from '../../src/cli/paint';
import { cutToFit } from '../../src/cli/screen';
import { watch, type View } from '../../src/cli/view';
import { startReceiver } from '../support/receivers';
import { everhook } from './everhook';

// A command is a process of its own, and both cores may be busy.
jest.setTimeout(120_000);

const ids = { id: '01234567-89ab-7def-8123-456789abcdef', webhookId: '01234567-89ab-7def-8123-456789abcde0' };
const times = { createdAt: '2026-01-31T09:30:00.000Z', nextAttemptAt: null, completedAt: null };
const pending = { ...ids, ...times, eventId: 'e', eventType: 'everhook.test', status: 'pending', attempts: [] };
const attempt = { number: 1, startedAt: times.createdAt, durationMs: 5, statusCode: 503, errorClass: 'http_status' };
const retried = { ...pending, attempts: [attempt], nextAttemptAt: '2026-01-31T09:30:02.000Z' };
const failed = { ...retried, status: 'failed', nextAttemptAt: null, completedAt: '2026-01-31T09:30:03.000Z' };

/** An API whose delivery goes on with each look at it; 0: it is away. */
async function watched(args: string[], env: NodeJS.ProcessEnv = {}) {
  const looks = [pending, pending, 0, retried, failed];
  const server = await startReceiver((_request, response) => {
    const look = looks.length > 1 ? looks.shift() : looks[0];
    if (look) response.end(JSON.stringify(look));
    // With this Retry-After the command does not wait for it itself.
    else response.writeHead(503, { 'retry-after': '600' }).end();
  });
  try {
    return await everhook(['delivery', 'show', ids.id, ...args], {
      env: { EVERHOOK_URL: server.url, EVERHOOK_TOKEN: 't', ...env },
    });
  } finally {
    await server.close();
  }
}

it('show --watch prints a line a change where there is no terminal, through an outage, until nothing can change', async () => {
  const ended = await watched(['--watch']);
  expect(ended.exitCode).toBe(0);
  expect(ended.stdout.trimEnd().split('\n')).toEqual([
    `${ids.id}  pending  everhook.test`,
    `${ids.id}  pending  everhook.test  attempt 1: 503 http_status  next attempt ${retried.nextAttemptAt}`,
    `${ids.id}  failed  everhook.test  attempt 1: 503 http_status  ended ${failed.completedAt}`,
  ]);
  expect(ended.stderr).toMatch(/^everhook: http.* answered HTTP 503\n$/);
});

it('with --json it is a JSON document a line', async () => {
  const { stdout } = await watched(['--watch', '--json']);
  const documents = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(documents).toEqual([pending, retried, failed]);
});

it('a status has its colour when it is asked for', async () => {
  expect((await watched([], { FORCE_COLOR: '1' })).stdout).toContain('\u001b[33mpending\u001b[39m');
  expect((await watched(['--no-color'], { FORCE_COLOR: '1' })).stdout).not.toContain('\u001b');
});

test.each([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: '1' }, true, false],
  [{ NO_COLOR: '' }, true, true],
  [{ NO_COLOR: '1', FORCE_COLOR: '1' }, false, true],
  [{ FORCE_COLOR: '0' }, true, false],
  [{ TERM: 'dumb' }, true, false],
])('colours with %j, on a terminal: %p → %p', (env, isTerminal, expected) => {
  expect(usesColour({ noColour: false, isTerminal }, env)).toBe(expected);
  expect(usesColour({ noColour: true, isTerminal }, env)).toBe(false);
});

it('on a terminal it is drawn again in its place, and what has ended stays', async () => {
  const written: string[] = [];
  const terminal = { columns: 80, rows: 24, write: (text: string) => written.push(text) };
  const answer = () => {
    throw new Error('no lines on a terminal');
  };
  const output: Output = { json: false, paint: coloured, terminal, answer, note: answer };
  const statuses = ['pending', 'delivered'];
  const view: View<string> = {
    ask: () => Promise.resolve(statuses.shift() ?? ''),
    text: (status, paint) => paint(status, 'good'),
    items: () => [],
    isOver: (status) => status === 'delivered',
  };
  await watch(view, output);
  expect(written).toEqual([
    '\r\u001b[J\u001b[32mpending\u001b[39m\n',
    '\u001b[1A\r\u001b[J\u001b[32mdelivered\u001b[39m\n',
  ]);
});

it('is drawn only where that can be done: on a terminal that has a size', () => {
  const terminal = { isTTY: true, columns: 80, rows: 24, write: () => {} };
  expect(terminalOf(terminal, {})).toBe(terminal);
  expect(terminalOf(terminal, { TERM: 'dumb' })).toBeNull();
  expect(terminalOf({ ...terminal, isTTY: false }, {})).toBeNull();
  expect(terminalOf({ ...terminal, columns: 0, rows: 0 }, {})).toBeNull();
});

it('a list that is longer than the terminal is cut, and says so', () => {
  const text = Array.from({ length: 10 }, (_, index) => `\u001b[32mline ${index}\u001b[39m`).join('\n');
  expect(cutToFit(text, { columns: 80, rows: 24 })).toBe(text);
  const cut = cutToFit(text, { columns: 80, rows: 6 }).split('\n');
  expect([cut.length, cut.at(-1)]).toEqual([5, '… and 6 more lines']);
});

it('a refusal ends what is watched', async () => {
  const client = createClient({
    url: 'http://everhook.test',
    token: 't',
    fetch: () => Promise.resolve(new Response('', { status: 404 })),
  });
  const output: Output = { json: false, paint: plain, terminal: null, answer: () => {}, note: () => {} };
  const view: View<unknown> = { ask: () => client.deliveries.get('d'), text: () => '', items: () => [] };
  await expect(watch(view, output)).rejects.toMatchObject({ status: 404 });
});
