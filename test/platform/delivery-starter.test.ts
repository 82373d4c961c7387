import pino from 'pino';
import type { StartableDelivery } from '../../src/domain/delivery-run';
import { createDeliveryStarter } from '../../src/platform/delivery-starter';
import { createPressure } from '../../src/platform/pressure';
import { TemporalUnavailable } from '../../src/platform/temporal';
import { startableDelivery } from './deliveries';

const many = (count: number) => Array.from({ length: count }, () => startableDelivery());

/** Nothing travels together. */
const alone = {
  bursts: { call: () => {}, close: () => Promise.resolve() },
  pressure: createPressure(),
  backlog: () => Promise.resolve(0),
};

/** A starter whose starts are answered by the test. */
function startedBy(answer: (delivery: StartableDelivery) => Promise<void>) {
  const asked: StartableDelivery[] = [];
  const marked: StartableDelivery[] = [];
  const logged: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line) => void logged.push(line) });
  const starter = createDeliveryStarter({
    runs: {
      start: (delivery) => {
        asked.push(delivery);
        return answer(delivery);
      },
    },
    markStarted: async (deliveries) => {
      marked.push(...deliveries);
      return 0;
    },
    ...alone,
    log,
  });
  return { starter, asked, marked, logged };
}

const forEver = () => new Promise<void>(() => {});

describe('a starter', () => {
  it('starts what it is given and marks it as started', async () => {
    const { starter, asked, marked } = startedBy(async () => {});
    const deliveries = many(100);
    await starter.enqueue(deliveries);
    await starter.enqueue([]);
    while (asked.length < 100) await new Promise(setImmediate);
    await starter.close();
    expect(asked).toEqual(deliveries);
    expect(new Set(marked)).toEqual(new Set(deliveries));
  });

  it('marks them without waiting for its end', async () => {
    const { starter, marked } = startedBy(async () => {});
    await starter.enqueue(many(1));
    while (marked.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    await starter.close();
    expect(marked).toHaveLength(1);
  });

  it('has no more than 32 starts in flight', async () => {
    const { starter, asked } = startedBy(forEver);
    await starter.enqueue(many(200));
    await new Promise(setImmediate);
    expect(asked).toHaveLength(32);
  });

  it('answers at once while there is room, and holds a publisher for a moment when there is none', async () => {
    const { starter, asked } = startedBy(forEver);
    // 32 in flight and 2,000 waiting.
    const answered = Promise.all([starter.enqueue(many(2_000)), starter.enqueue(many(32))]).then(() => 'answered');
    expect(await Promise.race([answered, new Promise(setImmediate)])).toBe('answered');
    const began = Date.now();
    await starter.enqueue(many(1));
    expect(Date.now() - began).toBeGreaterThanOrEqual(240);
    expect(Date.now() - began).toBeLessThan(2_000);
    expect(asked).toHaveLength(32);
  });

  it('lets go of a publisher it holds as soon as there is room', async () => {
    let release: (() => void)[] = [];
    const { starter, asked } = startedBy(() => new Promise((resolve) => release.push(resolve)));
    await starter.enqueue(many(2_000));
    await starter.enqueue(many(32));
    const last = startableDelivery();
    let held = true;
    const holding = starter.enqueue([last]).then(() => (held = false));
    await new Promise(setImmediate);
    expect(held).toBe(true);
    while (!asked.includes(last)) {
      const some = release;
      release = [];
      for (const done of some) done();
      await new Promise(setImmediate);
    }
    await holding;
    expect(asked).toHaveLength(2_033);
  });

  it('leaves to the outbox what it has no room for', async () => {
    const release: (() => void)[] = [];
    let open = false;
    const { starter, asked, marked } = startedBy(() =>
      open ? Promise.resolve() : new Promise((resolve) => release.push(resolve)),
    );
    await starter.enqueue(many(5_000));
    open = true;
    for (const done of release) done();
    while (asked.length < 2_000) await new Promise(setImmediate);
    await starter.close();
    expect(asked).toHaveLength(2_000);
    expect(marked).toHaveLength(2_000);
  });

  it('leaves everything to the outbox for a second while Temporal is away, and says so once', async () => {
    let away = true;
    const { starter, asked, marked, logged } = startedBy(async () => {
      if (away) throw new TemporalUnavailable(new Error('gone'));
    });
    await starter.enqueue(many(100));
    await new Promise(setImmediate);
    expect(asked).toHaveLength(32);
    await starter.enqueue(many(10));
    await new Promise(setImmediate);
    expect(asked).toHaveLength(32);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain('Temporal is away');

    away = false;
    while (asked.length === 32) {
      await starter.enqueue(many(1));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await starter.close();
    expect(marked).toEqual(asked.slice(32));
  });

  it('goes on when one delivery can not be started', async () => {
    const [bad, ...good] = many(5);
    const { starter, asked, marked, logged } = startedBy(async (delivery) => {
      if (delivery === bad) throw new Error('a bug of ours');
    });
    await starter.enqueue([bad, ...good].filter((delivery) => delivery !== undefined));
    while (asked.length < 5) await new Promise(setImmediate);
    await starter.close();
    expect(marked).toEqual(good);
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain(bad?.deliveryId);
  });

  it('waits at its end for the starts in flight, marks them, and leaves the rest', async () => {
    const release: (() => void)[] = [];
    const { starter, asked, marked } = startedBy(() => new Promise((resolve) => release.push(resolve)));
    await starter.enqueue(many(40));
    let closed = false;
    const closing = starter.close().then(() => (closed = true));
    await starter.enqueue(many(1));
    await new Promise(setImmediate);
    expect(closed).toBe(false);
    for (const done of release) done();
    await closing;
    expect(asked).toHaveLength(32);
    expect(marked).toHaveLength(32);
  });

  it('lives with a database that does not take the marks', async () => {
    const log = pino({ level: 'silent' });
    const starter = createDeliveryStarter({
      ...alone,
      runs: { start: async () => {} },
      markStarted: () => Promise.reject(new Error('the database is unavailable')),
      log,
    });
    await starter.enqueue(many(3));
    await expect(starter.close()).resolves.toBeUndefined();
  });
});
