import { documentOf, type Received, type Verdict } from './verdict';

/** A delivery that came, as `--json` gives it: one line each. */
export interface ReceivedDelivery extends Verdict {
  receivedAt: string;
  method: string;
  path: string;
  /** The event's id, the same for every attempt. */
  eventId: string | null;
  eventType: string | null;
  /** How often this event came, this time included. */
  times: number;
  /** Only those that sign, or that say how to read the body: others may hold credentials. */
  headers: Record<string, string>;
  /** The JSON of the body; its text where it is no JSON. */
  body: unknown;
  answered: { status: number; by: 'listen' | 'forward'; durationMs: number; error: string | null };
}

const shownHeaders = /^(webhook-|content-|signature|x-signature-sha256$|x-sovrin-|user-agent$|traceparent$|everhook-)/;

/** What a request says of itself, verified or not. */
export function describe(request: Received): Pick<ReceivedDelivery, 'eventId' | 'eventType' | 'headers' | 'body'> {
  const document = documentOf(request.body);
  const inner = document?.event;
  const event = typeof inner === 'object' && inner !== null ? { ...document, ...inner } : (document ?? {});
  const fields: Record<string, unknown> = { ...event };
  const type = [fields.type, fields.event, fields.Event].find((one) => typeof one === 'string');
  const id = [request.headers['webhook-id'], fields.id].find((one) => typeof one === 'string');
  return {
    eventId: typeof id === 'string' ? id : null,
    eventType: typeof type === 'string' ? type : null,
    headers: Object.fromEntries(
      Object.entries(request.headers)
        .filter(([name, value]) => value !== undefined && shownHeaders.test(name))
        .map(([name, value]) => [name, String(value)]),
    ),
    body: document ?? request.body.toString('utf8'),
  };
}
