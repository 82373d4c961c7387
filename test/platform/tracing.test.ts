import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { belowRun, partsOf, spanIdOfRun, traceContextOf } from '../../src/domain/trace-context';
import { startCollector } from '../support/collector';
import { startReceiver } from '../support/receivers';

const run = promisify(execFile);
const traceId = '0af7651916cd43dd8448eb211c80319c';
const parent = `00-${traceId}-b7ad6b7169203331-01`;
describe('a trace context', () => {
  it.each([
    [parent, '', parent],
    [parent, 'a=1,b=2', `${parent} a=1,b=2`],
    [parent, 'a'.repeat(513), parent],
    [parent, 'a=\u00e9', parent],
    [parent.replace('00-', 'ff-'), '', null],
    [`00-${'0'.repeat(32)}-b7ad6b7169203331-01`, '', null],
    [`00-${traceId}-${'0'.repeat(16)}-01`, '', null],
    [parent.toUpperCase(), '', null],
    ['', '', null],
  ])('of %s and %s is %s', (traceparent, tracestate, expected) => {
    expect(traceContextOf(traceparent, tracestate)).toBe(expected);
  });

  it('below a run names the span of the run', () => {
    const runId = '019a5f1e-0d0c-7b7e-a1b2-0123456789ab';
    expect(spanIdOfRun(runId)).toBe('a1b20123456789ab');
    expect(partsOf(belowRun(`${parent} a=1`, runId))).toEqual({
      traceId,
      spanId: 'a1b20123456789ab',
      flags: 1,
      tracestate: 'a=1',
    });
  });
});

const platform = path.resolve(__dirname, '..', '..', 'dist', 'src', 'platform');

/** A process of its own, as the SDK loads what it sends with in a way that Jest does not allow. It prints what `body` returns. */
async function inProcess(env: Record<string, string>, protocol: string, body: string): Promise<unknown> {
  const script = `
    const { createOpenTelemetry } = require(${JSON.stringify(path.join(platform, 'open-telemetry.js'))});
    const logged = [];
    const log = { warn: (details, message) => logged.push(message) };
    const tracing = createOpenTelemetry({ protocol: '${protocol}', log });
    const parent = '${parent}';
    (async () => { ${body} })().then((result) => process.stdout.write(JSON.stringify(result)));`;
  const { stdout } = await run(process.execPath, ['-e', script], { env: { PATH: process.env.PATH, ...env } });
  return JSON.parse(stdout);
}

describe('OpenTelemetry', () => {
  it('sends what is still there when it is closed, errors without their messages', async () => {
    const collector = await startCollector();
    const env = { ...collector.settings, OTEL_BSP_SCHEDULE_DELAY: '600000', OTEL_SERVICE_NAME: 'hooks' };
    const thrown = await inProcess(
      env,
      'http/json',
      `const work = () => Promise.reject(new TypeError('with a secret in it'));
       const outer = () => tracing.inSpan({ name: 'inner', kind: 'client' }, work);
       const error = await tracing.inSpan({ name: 'outer', kind: 'server', parent }, outer).catch((error) => error);
       const left = tracing.current();
       await tracing.close();
       return [error.message, left];`,
    );
    await collector.close();
    expect(thrown).toEqual(['with a secret in it', null]);
    const [inner, outer] = collector.spans();
    expect(outer).toMatchObject({ name: 'outer', traceId, parentSpanId: 'b7ad6b7169203331', service: 'hooks' });
    expect(inner).toMatchObject({
      name: 'inner',
      parentSpanId: outer?.spanId,
      failed: true,
      attributes: { 'error.type': 'TypeError' },
    });
    expect(collector.text()).not.toContain('secret');
  });

  it('goes by the sampler that is set, hands the decision on, and says that nobody takes its protobuf', async () => {
    const refusing = await startReceiver((_request, response) => response.writeHead(400).end());
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: refusing.url, OTEL_TRACES_SAMPLER: 'parentbased_always_off' };
    const result = await inProcess(
      env,
      'http/protobuf',
      `const traceparent = (above) => tracing.inSpan({ name: 'x', kind: 'client', parent: above }, async (span) => span.traceparent);
       const [asked, unasked] = [await traceparent(parent), await traceparent(null)];
       await tracing.close();
       return { asked: asked.slice(-2), unasked: unasked.slice(-2), logged };`,
    );
    await refusing.close();
    expect(result).toEqual({
      asked: '01',
      unasked: '00',
      logged: expect.arrayContaining(['spans could not be exported']),
    });
    expect(refusing.requests).toMatchObject([
      { path: '/v1/traces', headers: { 'content-type': 'application/x-protobuf' } },
    ]);
  });
});

it('is not even loaded by a process that does not trace', async () => {
  const script = `
    require(${JSON.stringify(path.join(platform, '..', 'runtime.js'))});
    const { createTracing } = require(${JSON.stringify(path.join(platform, 'tracing.js'))});
    const loaded = () => Object.keys(require.cache).filter((file) => /@opentelemetry.(sdk|exporter)/.test(file)).length > 0;
    createTracing({ OTEL_SDK_DISABLED: false, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, null)
      .then(({ on }) => process.stdout.write(JSON.stringify([on, loaded()])))
      .then(() => createTracing({ OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }, null))
      .then(({ on }) => process.stdout.write(JSON.stringify([on, loaded()])))
      .then(() => process.exit());`;
  const { stdout } = await run(process.execPath, ['-e', script]);
  expect(stdout).toBe('[false,false][true,true]');
});
