import { createLedger } from '../../bench/ledger';

it('knows when each number came first, and which came again', () => {
  const ledger = createLedger();
  ledger.note(2, 10);
  ledger.note(0, 11);
  ledger.note(2, 12);
  expect(ledger.count).toBe(2);
  expect([...ledger.times()]).toEqual([11, NaN, 10]);
  expect(ledger.again).toEqual([{ index: 2, at: 12 }]);
});

it('takes numbers far beyond what it began with', () => {
  const ledger = createLedger();
  ledger.note(1, 1);
  ledger.note(50_000, 2);
  expect(ledger.times()).toHaveLength(50_001);
  expect(ledger.times()[1]).toBe(1);
  expect(ledger.times()[50_000]).toBe(2);
});

it('tells when so many have come, repeats not counted', async () => {
  const ledger = createLedger();
  let reached = false;
  const reach = ledger.reach(2, 60_000).then(() => (reached = true));
  ledger.note(0, 1);
  ledger.note(0, 2);
  await new Promise(setImmediate);
  expect(reached).toBe(false);
  ledger.note(1, 3);
  await reach;
});

it('does not wait for those that never come', async () => {
  await createLedger().reach(1, 1);
});
