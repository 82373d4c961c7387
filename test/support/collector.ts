import { startReceiver } from './receivers';

/** A span as a collector gets it, flattened. */
export interface CollectedSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  /** OTLP: 1 internal, 2 server, 3 client, 4 producer. */
  kind: number;
  failed: boolean;
  attributes: Record<string, unknown>;
  service: unknown;
}

interface Attribute {
  key: string;
  value: Record<string, unknown>;
}

interface OtlpSpan extends Omit<CollectedSpan, 'attributes' | 'failed' | 'service'> {
  status: { code?: number };
  attributes: Attribute[];
}

interface OtlpRequest {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: OtlpSpan[] }[] }[];
}

const flat = (attributes: Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

/** A collector of OpenTelemetry traces: OTLP over HTTP, as JSON. */
export async function startCollector() {
  const receiver = await startReceiver((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  return {
    url: receiver.url,
    /** What is to be set for a process whose traces come here. */
    settings: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '50',
    },
    /** All that came, as it came. */
    text: () => receiver.requests.map(({ body }) => body.toString('utf8')).join('\n'),
    spans: (): CollectedSpan[] =>
      receiver.requests
        .flatMap(({ body }) => (JSON.parse(body.toString('utf8')) as OtlpRequest).resourceSpans)
        .flatMap(({ resource, scopeSpans }) =>
          scopeSpans
            .flatMap(({ spans }) => spans)
            .map(({ attributes, status, parentSpanId = '', ...span }) => ({
              ...span,
              parentSpanId,
              failed: status.code === 2,
              attributes: flat(attributes),
              service: flat(resource.attributes)['service.name'],
            })),
        ),
    close: receiver.close,
  };
}

export type Collector = Awaited<ReturnType<typeof startCollector>>;
