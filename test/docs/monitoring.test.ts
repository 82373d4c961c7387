import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { createTestDatabase, type TestDatabase } from '../support/database';
import {
  createTenant,
  eventually,
  startEverhook,
  tenantApi,
  type EverhookProcess,
  type Surroundings,
} from '../support/everhook';
import { startReceiver, type HttpReceiver } from '../support/receivers';
import { devServer, testTaskQueue } from '../support/temporal';
import { readDocument, root } from './documents';

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

const rules = z
  .strictObject({
    groups: z.array(
      z.strictObject({
        name: z.string(),
        rules: z.array(
          z.strictObject({
            alert: z.string().regex(/^Everhook[A-Za-z]+$/),
            expr: z.string(),
            for: z
              .string()
              .regex(/^\d+[smhd]$/)
              .optional(),
            labels: z.strictObject({ severity: z.enum(['page', 'ticket']) }),
            annotations: z.strictObject({ summary: z.string(), description: z.string() }),
          }),
        ),
      }),
    ),
  })
  .parse(parse(read('docs/prometheus/alerts.yml')))
  .groups.flatMap((group) => group.rules);

/** What a dashboard has to have for Grafana to take it, and for a panel to show something. */
const place = z.strictObject({ h: z.int(), w: z.int().max(24), x: z.int().max(23), y: z.int() });
const source = z.strictObject({ type: z.literal('prometheus'), uid: z.literal('${datasource}') });
const panel = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('row'), id: z.int(), title: z.string(), gridPos: place }),
  z.looseObject({
    type: z.enum(['timeseries', 'stat']),
    id: z.int(),
    title: z.string(),
    gridPos: place,
    datasource: source,
    fieldConfig: z.looseObject({ defaults: z.looseObject({ unit: z.string() }) }),
    targets: z
      .array(z.strictObject({ refId: z.string(), datasource: source, expr: z.string(), legendFormat: z.string() }))
      .min(1),
  }),
]);
const dashboard = z
  .looseObject({
    uid: z.literal('everhook'),
    title: z.string(),
    schemaVersion: z.int(),
    templating: z.looseObject({
      list: z.array(z.looseObject({ name: z.string(), type: z.enum(['datasource', 'query']), query: z.unknown() })),
    }),
    panels: z.array(panel),
  })
  .parse(JSON.parse(read('docs/grafana/everhook.json')));

const shown = dashboard.panels.flatMap((one) =>
  one.type === 'row' ? [] : one.targets.map(({ expr }) => ({ where: `panel "${one.title}"`, expr })),
);
const expressions = [
  ...rules.map(({ alert, expr }) => ({ where: alert, expr })),
  // Grafana puts in its own before Prometheus sees it.
  ...shown.map(({ where, expr }) => ({ where, expr: expr.replaceAll('$__rate_interval', '1m') })),
  ...[...readDocument('docs/operations.md').text.matchAll(/^\|[^|]+\| `([^`]+)`(?: for [^|]*| while [^|]*)? \|/gm)]
    .map(([, expr = '']) => ({ where: `docs/operations.md: ${expr}`, expr }))
    .filter(({ expr }) => /[><=] *\d/.test(expr)),
];

/** Names of metrics in an expression; throws where it is no PromQL. By the parser of Prometheus' own editor. */
async function metricsIn({ where, expr }: { where: string; expr: string }): Promise<string[]> {
  const { parser } = await import('@prometheus-io/lezer-promql');
  const names: string[] = [];
  parser.parse(expr).iterate({
    enter(node) {
      if (node.type.isError) throw new Error(`${where} is no PromQL at ${node.from}: ${expr.slice(node.from)}`);
      if (node.name === 'VectorSelector') names.push(/^[\w:]+/.exec(expr.slice(node.from, node.to))?.[0] ?? '');
    },
  });
  return names;
}

/** Of Prometheus itself. */
const ofPrometheus = ['up'];

describe('alert rules and dashboard', () => {
  const server = devServer();
  let database: TestDatabase;
  let receiver: HttpReceiver;
  let everhook: EverhookProcess | undefined;

  beforeAll(async () => {
    database = await createTestDatabase();
    receiver = await startReceiver();
  });

  afterAll(async () => {
    await everhook?.stop();
    await server.close();
    await receiver?.close();
    await database?.drop();
  });

  /** Every series' name that a process with something to do exposes. */
  async function exposed(): Promise<Set<string>> {
    const surroundings: Surroundings = {
      databaseUrl: database.url,
      temporalAddress: server.address,
      taskQueue: testTaskQueue(),
      allow: [receiver.url],
      settings: { SWEEP_INTERVAL: '1s' },
    };
    const { url, operationsUrl } = (everhook = await startEverhook('start', surroundings));
    const api = await tenantApi(() => url, await createTenant(surroundings));
    await api.call('POST', '/api/v1/webhooks', { targetUrl: receiver.url, events: ['everhook.test'] });
    await api.call('POST', '/api/v1/events', { type: 'everhook.test', payload: {} });
    const text = await eventually(
      async () => (await fetch(`${operationsUrl}/metrics`)).text(),
      // A delivery is through, and a sweep, which is an activity that went through Temporal.
      (metrics) =>
        metrics.includes('everhook_deliveries_total{contract="everhook",status="delivered"} 1') &&
        metrics.includes('temporal_activity_schedule_to_start_latency_count'),
    );
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
    return new Set(
      types.flatMap(([, name = '', type]) =>
        type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name],
      ),
    );
  }

  it('ask for metrics that a process has, in PromQL', async () => {
    expect(expressions.length).toBeGreaterThan(60);
    const asked = new Map<string, string>();
    for (const one of expressions) for (const name of await metricsIn(one)) asked.set(name, one.where);
    for (const { query } of dashboard.templating.list) {
      const text = typeof query === 'string' ? query : JSON.stringify(query);
      for (const [, name = ''] of text.matchAll(/label_values\((\w+),/g)) asked.set(name, 'a variable');
    }
    const known = await exposed();
    expect([...asked].filter(([name]) => !known.has(name) && !ofPrometheus.includes(name))).toEqual([]);
    // What Everhook itself tells is all of it on the dashboard.
    const onDashboard = new Set(
      shown.flatMap(({ expr }) => [...expr.matchAll(/\b(everhook_\w+)\{/g)]).map(([, n]) => n),
    );
    const own = [...known].filter((name) => /^everhook_/.test(name) && !/_(sum|bucket|count)$/.test(name));
    expect(own.filter((name) => !onDashboard.has(name))).toEqual([]);
  });

  it('find what is wrong with an expression', async () => {
    await expect(metricsIn({ where: 'x', expr: 'sum(rate(http_requests[5m])' })).rejects.toThrow('x is no PromQL');
    expect(await metricsIn({ where: 'x', expr: 'max(a{b="c"}) > 1 or rate(d_e[5m])' })).toEqual(['a', 'd_e']);
  });
});

it('each alert, and each panel, is there once', () => {
  for (const names of [rules.map(({ alert }) => alert), dashboard.panels.map(({ id }) => String(id))]) {
    expect(new Set(names).size).toBe(names.length);
  }
});
