import fc from 'fast-check';
import { createWebhookLanes, type LaneResult, type WebhookLanes } from '../../src/activities/webhook-lanes';

const webhook = 'tenant|webhook';

function openLanes(options: { perWebhook?: number; most?: number } = {}) {
  let time = 0;
  const lanes = createWebhookLanes({ perWebhook: 10, now: () => time, ...options });
  return { lanes, after: (ms: number) => void (time += ms), now: () => time };
}

function entered(lanes: WebhookLanes, key = webhook) {
  const lane = lanes.enter(key);
  if ('postponeMs' in lane) throw new Error(`told to wait ${lane.postponeMs} ms`);
  return lane;
}

function attempt(lanes: WebhookLanes, result: LaneResult, key = webhook): void {
  entered(lanes, key).leave(result);
}

function times(count: number, act: () => void): void {
  for (let i = 0; i < count; i++) act();
}

describe('the lane of a webhook', () => {
  it('has so many places and no more, and others have their own', () => {
    const { lanes } = openLanes({ perWebhook: 3 });
    const inside = [entered(lanes), entered(lanes), entered(lanes)];
    expect(lanes.room(webhook)).toBe(0);
    expect(lanes.enter(webhook)).toEqual({ postponeMs: expect.any(Number) });
    expect(lanes.room('tenant|other')).toBe(3);
    entered(lanes, 'tenant|other');

    inside[0]?.leave('delivered');
    inside[0]?.leave('delivered');
    expect(lanes.room(webhook)).toBe(1);
    entered(lanes);
    expect(lanes.room(webhook)).toBe(0);
  });

  it('has two places left after five timeouts in a row, and gets the others back as the receiver answers', () => {
    const { lanes } = openLanes();
    times(4, () => attempt(lanes, 'timeout'));
    attempt(lanes, 'refused');
    times(4, () => attempt(lanes, 'timeout'));
    expect(lanes.room(webhook)).toBe(10);
    attempt(lanes, 'timeout');
    expect(lanes.room(webhook)).toBe(2);
    times(20, () => attempt(lanes, 'timeout'));
    expect(lanes.room(webhook)).toBe(2);

    const rooms = [4, 8, 10].map((room) => {
      attempt(lanes, 'refused');
      return [room, lanes.room(webhook)];
    });
    expect(rooms).toEqual([
      [4, 4],
      [8, 8],
      [10, 10],
    ]);
  });

  it('learns nothing from an attempt that was not made', () => {
    const { lanes } = openLanes();
    times(5, () => attempt(lanes, 'timeout'));
    times(5, () => attempt(lanes, 'not_made'));
    expect(lanes.room(webhook)).toBe(2);
    expect(lanes.inOutage(webhook)).toBe(true);
  });

  it('tells those who wait to come back one after the other, the last of them in a minute', () => {
    const { lanes, after } = openLanes();
    times(5, () => {
      const lane = entered(lanes);
      after(3_000);
      lane.leave('timeout');
    });
    times(2, () => entered(lanes));
    const waits = Array.from({ length: 2_000 }, () => {
      const told = lanes.enter(webhook);
      return 'postponeMs' in told ? told.postponeMs : 0;
    });
    const inTurn = waits.slice(0, 20);
    expect(inTurn).toEqual(inTurn.toSorted((a, b) => a - b));
    expect(inTurn[19]).toBeGreaterThan(20_000);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(100);
    expect(Math.max(...waits)).toBeLessThanOrEqual(60_000);
    const perSecond = new Map<number, number>();
    for (const ms of waits) perSecond.set(Math.floor(ms / 1000), (perSecond.get(Math.floor(ms / 1000)) ?? 0) + 1);
    expect(Math.max(...perSecond.values())).toBeLessThan(80);
  });
});

describe('what travels together', () => {
  it('uses a lane to twice its width, for it takes no slots', () => {
    const lanes = createWebhookLanes({ perWebhook: 3 });
    expect(lanes.room('tenant|other', 'together')).toBe(6);
    for (let place = 0; place < 6; place += 1) expect(lanes.enter(webhook, 'together')).toHaveProperty('leave');
    expect(lanes.room(webhook, 'together')).toBe(0);
    expect(lanes.enter(webhook, 'together')).toHaveProperty('postponeMs');
    expect(lanes.enter(webhook)).toHaveProperty('postponeMs');
  });

  it('has no more places than others while a receiver hangs', () => {
    const lanes = createWebhookLanes({ perWebhook: 10 });
    for (let timeout = 0; timeout < 5; timeout += 1) {
      const lane = lanes.enter(webhook, 'together');
      if ('leave' in lane) lane.leave('timeout');
    }
    expect(lanes.room(webhook, 'together')).toBe(2);
  });
});

describe('a receiver that is down', () => {
  const together = (lanes: WebhookLanes, result: LaneResult) => {
    const lane = lanes.enter(webhook, 'together');
    if ('leave' in lane) lane.leave(result);
  };

  it('is tried 250 times a second by what travels together, until it takes one', () => {
    const { lanes, after } = openLanes({ perWebhook: 100 });
    times(19, () => together(lanes, 'refused'));
    expect(lanes.room(webhook, 'together')).toBe(200);
    together(lanes, 'refused');

    let tries = 0;
    times(1_000, () => {
      after(10);
      const room = lanes.room(webhook, 'together');
      tries += room;
      times(room, () => together(lanes, 'refused'));
    });
    expect(tries).toBeGreaterThanOrEqual(2_500);
    expect(tries).toBeLessThanOrEqual(2_625);
    expect(lanes.room(webhook)).toBe(100);

    after(4);
    expect(lanes.room(webhook, 'together')).toBe(1);
    together(lanes, 'delivered');
    expect(lanes.room(webhook, 'together')).toBe(200);
  });

  it('is tried with all that waits when nothing was tried for half a minute', () => {
    const { lanes, after } = openLanes({ perWebhook: 100 });
    times(30, () => together(lanes, 'refused'));
    expect(lanes.room(webhook, 'together')).toBeLessThanOrEqual(125);
    after(30_000);
    expect(lanes.room(webhook, 'together')).toBe(200);
  });
});

describe('an outage of a webhook', () => {
  it('is when half or more of its last attempts failed, five at least', () => {
    const { lanes } = openLanes();
    times(4, () => attempt(lanes, 'refused'));
    expect(lanes.inOutage(webhook)).toBe(false);
    attempt(lanes, 'timeout');
    expect(lanes.inOutage(webhook)).toBe(true);
    expect(lanes.inOutage('tenant|other')).toBe(false);
    times(5, () => attempt(lanes, 'delivered'));
    expect(lanes.inOutage(webhook)).toBe(true);
    attempt(lanes, 'delivered');
    expect(lanes.inOutage(webhook)).toBe(false);
  });

  it('is over when its receiver answers again, whatever came before the last twenty attempts', () => {
    const { lanes } = openLanes();
    times(100, () => attempt(lanes, 'refused'));
    times(11, () => attempt(lanes, 'delivered'));
    expect(lanes.inOutage(webhook)).toBe(false);
  });

  it('is forgotten after half a minute', () => {
    const { lanes, after } = openLanes();
    times(20, () => attempt(lanes, 'refused'));
    after(29_999);
    expect(lanes.inOutage(webhook)).toBe(true);
    after(1);
    expect(lanes.inOutage(webhook)).toBe(false);
  });
});

it('lanes are remembered up to a bound, those in use in any case', () => {
  const { lanes } = openLanes({ perWebhook: 1, most: 3 });
  const inUse = entered(lanes, 'in use');
  times(5, () => attempt(lanes, 'refused', 'refusing'));
  for (let i = 0; i < 2; i++) attempt(lanes, 'delivered', `one of many ${i}`);
  expect(lanes.inOutage('refusing')).toBe(false);
  expect(lanes.room('in use')).toBe(0);
  inUse.leave('delivered');
  expect(lanes.room('in use')).toBe(1);
});

const results: LaneResult[] = ['delivered', 'refused', 'timeout', 'not_made'];

it('whatever happens, a lane never holds more than its places, and who finds one free gets it', () => {
  const step = fc.oneof(
    fc.record({ act: fc.constant('enter' as const), key: fc.nat(3) }),
    fc.record({ act: fc.constant('leave' as const), which: fc.nat(), result: fc.constantFrom(...results) }),
    fc.record({ act: fc.constant('wait' as const), ms: fc.nat(40_000) }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 200 }), (perWebhook, steps) => {
      const { lanes, after } = openLanes({ perWebhook, most: 2 });
      const inside: { key: string; leave(result: LaneResult): void }[] = [];
      for (const taken of steps) {
        if (taken.act === 'wait') {
          after(taken.ms);
        } else if (taken.act === 'leave') {
          const [one] = inside.splice(taken.which % Math.max(1, inside.length), 1);
          one?.leave(taken.result);
        } else {
          const key = `webhook ${taken.key}`;
          const room = lanes.room(key);
          const lane = lanes.enter(key);
          expect('leave' in lane).toBe(room > 0);
          if ('leave' in lane) inside.push({ key, ...lane });
          expect(inside.filter((one) => one.key === key).length).toBeLessThanOrEqual(perWebhook);
        }
      }
      for (const one of inside) one.leave('not_made');
      for (const key of [0, 1, 2, 3]) expect(lanes.room(`webhook ${key}`)).toBeGreaterThanOrEqual(1);
    }),
  );
});

it('everybody who waits gets in at last, also with a receiver that hangs until the end', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 300 }), (perWebhook, count) => {
      const { lanes, after, now } = openLanes({ perWebhook });
      let waiting = Array.from({ length: count }, () => 0);
      let inside: { endsAt: number; leave(result: LaneResult): void }[] = [];
      // With its one or two probes of 3 s each.
      const enough = count * 3_000 + 4 * 60_000;
      while (waiting.length > 0 && now() < enough) {
        for (const one of inside) if (one.endsAt <= now()) one.leave('timeout');
        inside = inside.filter((one) => one.endsAt > now());
        waiting = waiting.flatMap((at) => {
          if (at > now()) return [at];
          const lane = lanes.enter(webhook);
          if ('postponeMs' in lane) return [now() + lane.postponeMs];
          inside.push({ ...lane, endsAt: now() + 3_000 });
          return [];
        });
        after(100);
      }
      expect(waiting).toEqual([]);
    }),
    { numRuns: 8 },
  );
});
