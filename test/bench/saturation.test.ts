import { arrivalRate } from '../../bench/charts';
import { shareInTime } from '../../bench/consents';
import { eventsFor, speeds } from '../../bench/saturation';

it('tells accepted, delivered and steady speeds apart', () => {
  // 100 in the second after the first request; accepted within half of it.
  const times = Float64Array.from({ length: 100 }, (_, index) => 1_000 + (index + 1) * 10);
  const { acceptedPerSecond, deliveriesPerSecond, steadyPerSecond, backlog } = speeds({
    startedAt: 1_000,
    acceptedAt: 1_500,
    times,
    events: 100,
  });
  expect([acceptedPerSecond, deliveriesPerSecond, backlog]).toEqual([200, 100, 50]);
  expect(steadyPerSecond).toBeCloseTo(100);
});

it('a straggler slows what is delivered, not what is steady', () => {
  const times = Float64Array.from({ length: 100 }, (_, index) => (index === 99 ? 11_000 : 1_000 + (index + 1) * 10));
  const { deliveriesPerSecond, steadyPerSecond } = speeds({ startedAt: 1_000, acceptedAt: 1_500, times, events: 100 });
  expect(deliveriesPerSecond).toBe(10);
  expect(steadyPerSecond).toBeCloseTo(100);
});

it('sizes a round by deliveries, not by events, and never to nothing', () => {
  expect(eventsFor(500, 1, 8)).toBe(4_000);
  expect(eventsFor(500, 10, 8)).toBe(400);
  expect(eventsFor(0.01, 1, 1)).toBe(1);
});

it('counts arrivals by stretches of time, empty ones too', () => {
  expect(arrivalRate(Float64Array.of(100, 200, 1_100, NaN, 50), 100, 500)).toEqual([
    [0, 4],
    [0.5, 0],
    [1, 2],
  ]);
});

it('does not round one of very many that is late, or missing, away', () => {
  const lags = Array.from({ length: 49_999 }, () => 10);
  expect(shareInTime([...lags, 5_000], 50_000)).toBe(1);
  expect(shareInTime([...lags, 5_001], 50_000)).toBeLessThan(1);
  expect(shareInTime(lags, 50_000)).toBeLessThan(1);
});
