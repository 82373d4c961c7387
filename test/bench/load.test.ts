import { createLoads } from '../../bench/load';

it('saturates with each number once, so many requests at once, the last one smaller', async () => {
  const sent: [number, number][] = [];
  let [underWay, most] = [0, 0];
  const loads = createLoads(async (_group, first, end) => {
    most = Math.max(most, (underWay += 1));
    await new Promise(setImmediate);
    underWay -= 1;
    sent.push([first, end]);
  }, 10);
  const result = await loads({ kind: 'saturate', group: 'g', count: 45, lanes: 3 });
  expect(sent.sort(([a], [b]) => a - b)).toEqual([
    [0, 10],
    [10, 20],
    [20, 30],
    [30, 40],
    [40, 45],
  ]);
  expect(most).toBe(3);
  expect(result.requests).toBe(5);
  expect([...result.sentAt].every((at) => at >= result.startedAt && at <= result.acceptedAt)).toBe(true);
});

it('goes on at its rate while earlier requests are not answered, and waits for their answers at the end', async () => {
  const waiting: (() => void)[] = [];
  const loads = createLoads(async () => {
    const answered = new Promise<void>((resolve) => waiting.push(resolve));
    if (waiting.length === 5) for (const answer of waiting) answer();
    return answered;
  }, 1);
  const { sentAt, requests } = await loads({ kind: 'steady', group: 'g', perSecond: 500, seconds: 0.01 });
  expect(requests).toBe(5);
  // Never early: the fifth is due 8 ms after the first.
  expect((sentAt[4] ?? 0) - (sentAt[0] ?? 0)).toBeGreaterThan(7);
});

it('stops a steady load when it is told to', async () => {
  const loads = createLoads(async (_group, first) => {
    if (first === 3) await loads({ kind: 'stop' });
  }, 1);
  const { requests, sentAt } = await loads({ kind: 'steady', group: 'g', perSecond: 1_000, seconds: 3_600 });
  expect(requests).toBeLessThan(3_600_000);
  expect(sentAt).toHaveLength(requests);
});

it('fails when a request does', async () => {
  const loads = createLoads(async () => {
    throw new Error('answered 500');
  }, 1);
  await expect(loads({ kind: 'saturate', group: 'g', count: 1, lanes: 1 })).rejects.toThrow('answered 500');
  await expect(loads({ kind: 'steady', group: 'g', perSecond: 100, seconds: 1 })).rejects.toThrow('answered 500');
});
