import { Registry } from 'prom-client';
import { createEngineMetrics, serveOperations, type OperationsServer } from '../../src/platform/metrics';
import { closedPort, startReceiver } from '../support/receivers';

const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function serve(rest: Partial<Parameters<typeof serveOperations>[0]> = {}): Promise<OperationsServer> {
  const server = await serveOperations({
    host: '127.0.0.1',
    port: 0,
    registry: new Registry(),
    coreMetricsUrl: null,
    ready: async () => ({ postgresql: true, temporal: true }),
    ...rest,
  });
  open.push(server);
  return server;
}

const get = (server: OperationsServer, path: string) => fetch(`http://127.0.0.1:${server.port}${path}`);

describe('what the engine counts', () => {
  it('is there by contract, outcome and error class, in seconds', async () => {
    const registry = new Registry();
    const metrics = createEngineMetrics(registry);
    metrics.deliveryEnded('sovrin', 'delivered');
    metrics.deliveryEnded('sovrin', 'delivered');
    metrics.deliveryEnded('everhook', 'failed');
    metrics.attemptMade('everhook', null, 1_500);
    metrics.attemptMade('everhook', 'timeout', 3_000);
    metrics.attemptWaited('everhook', 20);
    metrics.attemptWaited('everhook', -5);
    metrics.consentMoved('DATA', 'approve', 'AUTHORISED', 20);
    metrics.consentMoved('DATA', 'deadline', 'EXPIRED', 1_500);
    metrics.outboxDepth(7);
    const text = await registry.metrics();
    for (const line of [
      'everhook_deliveries_total{contract="sovrin",status="delivered"} 2',
      'everhook_deliveries_total{contract="everhook",status="failed"} 1',
      'everhook_attempt_duration_seconds_sum{contract="everhook",error_class="none"} 1.5',
      'everhook_attempt_duration_seconds_count{contract="everhook",error_class="timeout"} 1',
      'everhook_queue_latency_seconds_count{contract="everhook"} 2',
      'everhook_queue_latency_seconds_sum{contract="everhook"} 0.02',
      'everhook_consents_total{type="DATA",status="EXPIRED"} 1',
      'everhook_consent_lag_seconds_sum{on="action"} 0.02',
      'everhook_consent_lag_seconds_sum{on="deadline"} 1.5',
      'everhook_outbox_depth 7',
    ]) {
      expect(text).toContain(line);
    }
  });
});

describe('the operations port', () => {
  it('is alive whatever else is not', async () => {
    const server = await serve({ ready: () => Promise.reject(new Error('x')) });
    expect((await get(server, '/livez')).status).toBe(200);
  });

  it('is ready when every part is, and says which is not', async () => {
    const parts = { postgresql: true, temporal: true, polling: true };
    const server = await serve({ ready: async () => parts });
    const ready = await get(server, '/readyz?verbose');
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual(parts);
    parts.temporal = false;
    const unready = await get(server, '/readyz');
    expect(unready.status).toBe(503);
    expect(await unready.json()).toEqual({ postgresql: true, temporal: false, polling: true });
    expect(unready.headers.get('cache-control')).toBe('no-store');
  });

  it('tells what is worth knowing besides, and is ready all the same', async () => {
    const told = () => ({ encryptionKeys: false });
    const server = await serve({ ready: async () => ({ postgresql: true }), told });
    const ready = await get(server, '/readyz');
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({ postgresql: true, encryptionKeys: false });
  });

  it('answers with our metrics followed by those of the SDK', async () => {
    const core = await startReceiver((_request, response) => response.end('temporal_request 1\n'));
    open.push(core);
    const registry = new Registry();
    createEngineMetrics(registry).outboxDepth(3);
    const response = await get(await serve({ registry, coreMetricsUrl: `${core.url}/metrics` }), '/metrics');
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=/);
    expect(await response.text()).toMatch(/everhook_outbox_depth 3\n[^]*temporal_request 1\n/);
  });

  it("answers with our own alone when the SDK's can not be had", async () => {
    const registry = new Registry();
    createEngineMetrics(registry).outboxDepth(3);
    const server = await serve({ registry, coreMetricsUrl: `http://127.0.0.1:${await closedPort()}/metrics` });
    const response = await get(server, '/metrics');
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('everhook_outbox_depth 3');
  });

  it("takes no error page for the SDK's metrics", async () => {
    const core = await startReceiver((_request, response) => response.writeHead(500).end('<html>oops'));
    open.push(core);
    const response = await get(await serve({ coreMetricsUrl: core.url }), '/metrics');
    expect(await response.text()).not.toContain('oops');
  });

  it('has nothing else, and says nothing of what went wrong', async () => {
    const server = await serve({ ready: () => Promise.reject(new Error('canary')) });
    expect((await get(server, '/')).status).toBe(404);
    const failed = await get(server, '/readyz');
    expect(failed.status).toBe(500);
    expect(await failed.text()).not.toContain('canary');
  });

  it('fails to start on a port that is taken', async () => {
    const { port } = await serve();
    await expect(serve({ port })).rejects.toThrow(`METRICS_PORT=${port} HOST=127.0.0.1 can't be listened on`);
  });
});
