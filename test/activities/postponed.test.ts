import { createWebhookLanes, laneKey } from '../../src/activities/webhook-lanes';
import { startRawReceiver, startReceiver, type Receiver } from '../support/receivers';
import { openEngine, type Engine } from './engine';

let engine: Engine;
const receivers: Receiver[] = [];

beforeAll(async () => {
  engine = await openEngine();
});

afterAll(async () => {
  await Promise.all(receivers.map((receiver) => receiver.close()));
  await engine.close();
});

async function healthyReceiver() {
  const started = await startReceiver();
  receivers.push(started);
  return started;
}

describe('an attempt whose webhook has as many under way as it may', () => {
  it('is postponed: not sent, not counted, and due later', async () => {
    engine.registry.resetMetrics();
    const target = await healthyReceiver();
    const delivery = await engine.deliveryTo(target.url);
    const lanes = createWebhookLanes({ perWebhook: 1 });
    const worker = engine.worker({ allow: [target], lanes });
    const other = lanes.enter(laneKey(engine.tenantId, delivery.webhookId));

    const asked = Date.now();
    expect(await worker.attemptDelivery(delivery.request())).toEqual({ outcome: { kind: 'postponed', ms: 500 } });
    const again = await worker.attemptDelivery({ ...delivery.request(), postponed: 2 });
    expect(again).toEqual({ outcome: { kind: 'postponed', ms: expect.any(Number) } });
    const { ms } = again.outcome as { ms: number };
    // Behind the other one in the queue, and with more patience.
    expect(ms / 3).toBeGreaterThan(500);
    const stored = await delivery.stored();
    expect(stored?.status).toBe('pending');
    expect(stored?.nextAttemptAt?.getTime()).toBeGreaterThanOrEqual(asked + ms);
    expect(await delivery.attempts()).toEqual([]);
    expect(target.requests).toEqual([]);
    expect(await engine.registry.metrics()).toContain('everhook_attempts_postponed_total{contract="everhook"} 2');

    if ('leave' in other) other.leave('not_made');
    expect(await worker.attemptDelivery(delivery.request())).toEqual({ outcome: { kind: 'delivered' } });
  });

  it('is how a receiver that hangs is met after five timeouts, while others are served', async () => {
    const hanging = await startRawReceiver(() => {});
    receivers.push(hanging);
    const healthy = await healthyReceiver();
    const lanes = createWebhookLanes({ perWebhook: 20 });
    const worker = engine.worker({ allow: [hanging, healthy], lanes });
    const delivery = await engine.deliveryTo(hanging.url, { timeoutMs: 100 });
    const key = laneKey(engine.tenantId, delivery.webhookId);
    for (let number = 1; number <= 5; number++) await worker.attemptDelivery(delivery.request(number));
    expect(lanes.room(key)).toBe(2);
    expect(lanes.inOutage(key)).toBe(true);
    const other = await engine.deliveryTo(healthy.url);
    expect(await worker.attemptDelivery(other.request())).toEqual({ outcome: { kind: 'delivered' } });
  });
});
