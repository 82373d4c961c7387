import { createRequire } from 'node:module';
import path from 'node:path';
import type { Receiver, startReceiver } from '../../bench/receiver';

/** As it runs: `npm test` builds it first. */
const built = path.join(__dirname, '..', '..', 'dist', 'bench', 'receiver.js');
const start = createRequire(__filename)(built) as { startReceiver: typeof startReceiver };

let receiver: Receiver;
const forever = new AbortController().signal;
beforeAll(async () => {
  receiver = await start.startReceiver();
});
afterAll(() => receiver.stop());

async function post(path: string, id: string): Promise<number> {
  const response = await fetch(receiver.origin + path, { method: 'POST', headers: { 'webhook-id': id }, body: '{}' });
  return response.status;
}

it('answers by path, and knows what came, when and how often', async () => {
  expect(await post('/accept', 'a-0')).toBe(204);
  expect(await post('/accept', 'a-2')).toBe(204);
  expect(await post('/refuse', 'a-2')).toBe(500);
  const { times, again } = await receiver.arrivals('a');
  expect([...times].map(Number.isNaN)).toEqual([false, true, false]);
  expect(times[2]).toBeGreaterThan(times[0] ?? NaN);
  expect(again).toEqual([{ index: 2, at: expect.any(Number) }]);
  expect(await receiver.count('b')).toBe(0);
});

it('tells the copies of an event apart', async () => {
  for (const which of [0, 9, 3]) await post(`/fan/10/${which}`, 'copies-4');
  const { times } = await receiver.arrivals('copies');
  expect([...times.keys()].filter((index) => !Number.isNaN(times[index]))).toEqual([40, 43, 49]);
});

it('refuses until it is opened', async () => {
  expect(await post('/switch', 's-0')).toBe(500);
  await receiver.open(true);
  expect(await post('/switch', 's-0')).toBe(204);
});

it('counts what it never answers', async () => {
  const asking = new AbortController();
  const headers = { 'webhook-id': 'h-0' };
  const hanging = fetch(`${receiver.origin}/hang`, { method: 'POST', headers, signal: asking.signal });
  hanging.catch(() => {});
  expect(await receiver.reach('h', 1, forever)).toBe(1);
  asking.abort();
});

it('gives up on a group that does not grow', async () => {
  await expect(receiver.reach('nobody', 1, forever, 1)).rejects.toThrow('only 0 of 1 deliveries came');
});
