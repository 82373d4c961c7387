import { readOptions } from '../../bench/options';
import { partNames } from '../../bench/parts';

it('measures everything unless it is told to', () => {
  expect(readOptions([])).toMatchObject({ only: partNames, isComplete: true, goals: true, settings: {} });
});

it('a quick run and one of some parts are not kept', () => {
  expect(readOptions(['--quick']).isComplete).toBe(false);
  expect(readOptions(['--only', 'kill,down'])).toMatchObject({ only: ['kill', 'down'], isComplete: false });
});

it('takes settings of Everhook, and how much waits', () => {
  const { settings, plan } = readOptions(['--set', 'BURSTS=off', '--set', 'LOG_LEVEL=warn', '--consents', '100']);
  expect(settings).toEqual({ BURSTS: 'off', LOG_LEVEL: 'warn' });
  expect(plan.consents).toMatchObject({ consents: 100, expiring: 100 });
});

it('a long run has 100,000 of what waits', () => {
  const { plan } = readOptions(['--long']);
  expect([plan.backoff.deliveries, plan.consents.consents, plan.consents.expiring]).toEqual([
    100_000, 100_000, 100_000,
  ]);
});
