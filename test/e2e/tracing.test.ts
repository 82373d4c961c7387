import { Worker } from '@temporalio/worker';
import { traceHeader } from '../../src/domain/trace-context';
import { createDataConverter } from '../../src/platform/data-converter';
import { startCollector, type CollectedSpan, type Collector } from '../support/collector';
import { createTestDatabase, type TestDatabase } from '../support/database';
import {
  createTenant,
  eventually,
  everhookCodec,
  startEverhook,
  type EverhookProcess,
  type Surroundings,
} from '../support/everhook';
import { startReceiver, type HttpReceiver } from '../support/receivers';
import { devServer, quietTemporal, testTaskQueue, workflowBundlePath } from '../support/temporal';

const callersSpan = 'b7ad6b7169203331';
/** A trace of this test's own, sampled. */
const traceOf = (n: number) => String(n).padStart(32, 'a');
const traceparentOf = (traceId: string) => `00-${traceId}-${callersSpan}-01`;

describe('a trace', () => {
  const server = devServer();
  let database: TestDatabase;
  let receiver: HttpReceiver;
  let collector: Collector;
  let everhook: EverhookProcess;
  /** Told by the test. */
  let answer: () => number = () => 200;

  beforeAll(async () => {
    quietTemporal();
    database = await createTestDatabase();
    collector = await startCollector();
    receiver = await startReceiver((_request, response) => response.writeHead(answer()).end('ok'));
  });

  afterEach(async () => {
    answer = () => 200;
    receiver.requests.splice(0);
    await everhook.stop();
  });

  afterAll(async () => {
    await server.close();
    await receiver?.close();
    await collector?.close();
    await database?.drop();
  });

  async function started(settings: Record<string, string>) {
    const surroundings: Surroundings = {
      databaseUrl: database.url,
      temporalAddress: server.address,
      taskQueue: testTaskQueue(),
      allow: [receiver.url],
      settings: { RETRY_BASE: '100ms', ...settings },
    };
    everhook = await startEverhook('start', surroundings);
    const { clientId, clientSecret } = await createTenant(surroundings);
    const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
    const granted = await fetch(`${everhook.url}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
    });
    const { access_token: token } = (await granted.json()) as { access_token: string };
    const call = async <T>(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
      const answered = await fetch(everhook.url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      expect(answered.ok).toBe(true);
      return (await answered.json()) as T;
    };
    await call('POST', '/api/v1/webhooks', { targetUrl: `${receiver.url}/hush-hush`, events: ['everhook.test'] });
    return { call, secrets: [token, clientSecret] };
  }

  const spansOf = (traceId: string) => collector.spans().filter((span) => span.traceId === traceId);
  const named = (spans: CollectedSpan[], name: string) => spans.filter((span) => span.name === name);

  it('goes from the request to the receiver, retries and the run in Temporal included', async () => {
    const traceId = traceOf(1);
    const { call, secrets } = await started(collector.settings);
    answer = () => (receiver.requests.length === 1 ? 503 : 200);
    const event = { type: 'everhook.test', payload: { message: 'only for the receiver' } };
    const headers = { traceparent: traceparentOf(traceId), tracestate: 'vendor=1' };
    const published = await call<{ deliveries: { id: string }[] }>('POST', '/api/v1/events', event, headers);

    const spans = await eventually(
      () => Promise.resolve(spansOf(traceId)),
      (found) => named(found, 'workflow delivery').length === 1 && named(found, 'attempt').length === 2,
    );
    const [request] = named(spans, 'POST /api/v1/events');
    const [publish] = named(spans, 'publish');
    const [start] = named(spans, 'start delivery');
    const [run] = named(spans, 'workflow delivery');
    const activities = named(spans, 'activity attemptDelivery');
    const attempts = named(spans, 'attempt');
    expect(request).toMatchObject({ parentSpanId: callersSpan, kind: 2, service: 'everhook' });
    expect(publish?.parentSpanId).toBe(request?.spanId);
    expect(start?.parentSpanId).toBe(publish?.spanId);
    expect(run?.parentSpanId).toBe(start?.spanId);
    expect(activities.map(({ parentSpanId }) => parentSpanId)).toEqual([run?.spanId, run?.spanId]);
    expect(attempts.map(({ parentSpanId }) => parentSpanId)).toEqual(activities.map(({ spanId }) => spanId));
    expect(attempts.map(({ kind, failed }) => ({ kind, failed }))).toEqual([
      { kind: 3, failed: true },
      { kind: 3, failed: false },
    ]);
    expect(attempts[0]?.attributes).toMatchObject({
      'error.type': 'http_status',
      'http.response.status_code': 503,
      'server.address': '127.0.0.1',
      'everhook.attempt.number': 1,
    });

    // Each attempt names its own span; whose tracestate it is, is the publisher's and ours alone.
    expect(receiver.requests.map((one) => one.headers.traceparent)).toEqual(
      attempts.map(({ spanId }) => `00-${traceId}-${spanId}-01`),
    );
    expect(receiver.requests.map((one) => one.headers.tracestate)).toEqual([undefined, undefined]);
    for (const hidden of ['hush-hush', 'only for the receiver', ...secrets])
      expect(collector.text()).not.toContain(hidden);

    const shown = await call<{ workflowId: string }>('GET', `/api/v1/deliveries/${published.deliveries[0]?.id}`);
    const client = await server.client();
    const history = await client.workflow.getHandle(shown.workflowId).fetchHistory();
    expect(Object.keys(history.events?.[0]?.workflowExecutionStartedEventAttributes?.header?.fields ?? {})).toEqual([
      traceHeader,
    ]);
    const replayed = Worker.runReplayHistory(
      { workflowBundle: { codePath: workflowBundlePath() }, dataConverter: createDataConverter(everhookCodec()) },
      history,
      shown.workflowId,
    );
    await expect(replayed).resolves.toBeUndefined();
  });

  it('is kept by deliveries that travel together, and is handed on unsampled as it came', async () => {
    const traceId = traceOf(2);
    const { call } = await started(collector.settings);
    const events = Array.from({ length: 100 }, (_, n) => ({ type: 'everhook.test', payload: { n } }));
    await call('POST', '/api/v1/events/batch', { events }, { traceparent: traceparentOf(traceId) });
    const spans = await eventually(
      () => Promise.resolve(spansOf(traceId)),
      (found) => named(found, 'attempt').length === 100,
    );
    const [publish] = named(spans, 'publish');
    expect(new Set(named(spans, 'attempt').map(({ parentSpanId }) => parentSpanId))).toEqual(
      new Set([publish?.spanId]),
    );
    expect(new Set(receiver.requests.map((one) => String(one.headers.traceparent).slice(3, 35)))).toEqual(
      new Set([traceId]),
    );
    // A burst carries deliveries of many requests: it is in none of their traces.
    expect(spans.filter(({ name }) => /burst/i.test(name))).toEqual([]);

    receiver.requests.splice(0);
    const unsampled = traceparentOf(traceOf(3)).replace(/01$/, '00');
    await call('POST', '/api/v1/events', { type: 'everhook.test', payload: {} }, { traceparent: unsampled });
    await eventually(
      () => Promise.resolve(receiver.requests),
      (found) => found.length === 1,
    );
    expect(receiver.requests[0]?.headers.traceparent).toMatch(new RegExp(`^00-${traceOf(3)}-[0-9a-f]{16}-00$`));
    await everhook.stop();
    expect(spansOf(traceOf(3))).toEqual([]);
  });

  it('does not begin where nobody set up tracing', async () => {
    const { call } = await started({});
    const headers = { traceparent: traceparentOf(traceOf(4)) };
    await call('POST', '/api/v1/events', { type: 'everhook.test', payload: {} }, headers);
    await eventually(
      () => Promise.resolve(receiver.requests),
      (found) => found.length === 1,
    );
    expect(receiver.requests[0]?.headers).not.toHaveProperty('traceparent');
  });
});
