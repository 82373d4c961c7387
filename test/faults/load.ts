import { Client } from 'pg';
import { logToStderr } from '../../scripts/local-stack/log';
import { eventually, type TenantApi } from '../support/everhook';
import type { CountingReceiver } from './counting-receiver';

/** Low enough to be steady on a machine that runs other tests at the same time. */
const perSecond = 10;

/** What passes by itself within seconds may take a machine that is busy with other tests much longer. */
const patienceMs = 180_000;

/** The event's type of all loads. */
export const eventType = 'everhook.test';

/** A publisher at a steady rate while faults happen, and the account of what became of its events. */
export interface Load {
  /** Events that were answered 202: these must be delivered. */
  accepted: ReadonlySet<string>;
  /** How many publishes had which other end: a status, or `none` where the connection broke. Those may be stored or not. */
  refused: ReadonlyMap<string, number>;
  /** Resolves when so many more events than now have come to the receiver. */
  flows(more: number): Promise<void>;
  /**
   * Notes the attempts in flight: requests that have begun and whose attempt is not recorded. To be called after a fault has
   * hit and before what it hit can make an attempt again; only these may come twice. Returns their number.
   */
  noteInFlight(): Promise<number>;
  /** From now on the fault is over: how long until an event comes for the first time is counted. */
  mended(): void;
  /** Stops publishing, waits until every stored delivery has ended, prints the numbers, and gives them. */
  settle(fault: string): Promise<Account>;
}

export interface Account {
  accepted: number;
  /** Of those accepted; must be none. */
  lost: string[];
  /** Ends of the deliveries of all events that were stored. */
  statuses: Record<string, number>;
  /** Requests beyond the attempts that were recorded. */
  duplicates: number;
  /** Attempts in flight when faults hit. */
  inFlight: number;
  /** Events with more requests beyond recorded attempts than faults hit while they were in flight; must be none. */
  unexplained: string[];
  /** Events that were sent in parallel with themselves; must be none. */
  overlapping: string[];
}

let loads = 0;

/**
 * Begins to publish.
 * @param databaseUrl where attempts are recorded, not by way of what the fault is done to
 */
export function startLoad(options: { api: TenantApi; receiver: CountingReceiver; databaseUrl: string }): Load {
  const { api, receiver, databaseUrl } = options;
  const prefix = `load-${(loads += 1)}-`;
  const accepted = new Set<string>();
  const refused = new Map<string, number>();
  const underWay = new Set<Promise<void>>();
  /** How many faults hit each event in flight. */
  const hits = new Map<string, number>();
  const startedAt = performance.now();
  let mendedAt: number | undefined;
  let next = 0;

  async function publish(id: string): Promise<void> {
    const end = await api.call('POST', '/api/v1/events', { id, type: eventType, payload: { id } }).then(
      ({ status }) => String(status),
      () => 'none',
    );
    if (end === '202') accepted.add(id);
    else refused.set(end, (refused.get(end) ?? 0) + 1);
  }

  const ticking = setInterval(() => {
    const one = publish(`${prefix}${(next += 1)}`).finally(() => underWay.delete(one));
    underWay.add(one);
  }, 1000 / perSecond);
  // A test that fails leaves it running.
  ticking.unref();

  const own = <T>(counts: ReadonlyMap<string, T>) => [...counts].filter(([id]) => id.startsWith(prefix));

  async function noteInFlight(): Promise<number> {
    const recorded = new Set((await query<{ event_id: string }>(recordedEvents)).map((row) => row.event_id));
    const inFlight = own(receiver.begun).filter(([id]) => !recorded.has(id));
    for (const [id] of inFlight) hits.set(id, (hits.get(id) ?? 0) + 1);
    return inFlight.length;
  }

  async function query<Row extends object>(sql: string): Promise<Row[]> {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    try {
      return (await client.query<Row>(sql, [prefix])).rows;
    } finally {
      await client.end();
    }
  }

  async function account(statuses: Record<string, number>): Promise<Account> {
    // An attempt that timed out has come to the receiver too, and is followed by another one by right.
    const attempts = new Map(
      (await query<{ event_id: string; attempts: number }>(attemptsThatArrived)).map((row) => [
        row.event_id,
        row.attempts,
      ]),
    );
    const twice = own(receiver.begun)
      .map(([id, requests]) => ({ id, more: requests - (attempts.get(id) ?? 0) }))
      .filter(({ more }) => more > 0);
    return {
      accepted: accepted.size,
      lost: [...accepted].filter((id) => !receiver.begun.has(id)),
      statuses,
      duplicates: twice.reduce((sum, { more }) => sum + more, 0),
      inFlight: [...hits.values()].reduce((sum, n) => sum + n, 0),
      unexplained: twice.filter(({ id, more }) => more > (hits.get(id) ?? 0)).map(({ id }) => id),
      overlapping: [...receiver.overlapping].filter((id) => id.startsWith(prefix)),
    };
  }

  function print(fault: string, { statuses, lost, duplicates, inFlight }: Account): void {
    const times = own(receiver.firstAt).map(([, at]) => at);
    const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
    const gap = longestGap([startedAt, ...times]);
    const back = mendedAt;
    const again = back === undefined ? undefined : times.filter((at) => at > back).sort((a, b) => a - b)[0];
    const numbers = [
      `accepted ${accepted.size}`,
      `lost ${lost.length}`,
      ...Object.entries(statuses).map(([status, n]) => `${status} ${n}`),
      `duplicates ${duplicates} of ${inFlight} attempts in flight`,
      ...[...refused].map(([end, n]) => `${end === 'none' ? 'no answer' : `answered ${end}`} ${n}`),
      `longest gap ${seconds(gap)}`,
      ...(back === undefined || again === undefined ? [] : [`flows again after ${seconds(again - back)}`]),
    ];
    logToStderr(`Fault: ${fault}: ${numbers.join(', ')}`);
  }

  return {
    accepted,
    refused,
    noteInFlight,
    mended: () => void (mendedAt = performance.now()),
    async flows(more) {
      const wanted = own(receiver.begun).length + more;
      await eventually(
        () => Promise.resolve(own(receiver.begun).length),
        (come) => come >= wanted,
        patienceMs,
      );
    },
    async settle(fault) {
      clearInterval(ticking);
      await Promise.all(underWay);
      const statuses = await eventually(
        async () =>
          Object.fromEntries(
            (await query<{ status: string; n: number }>(endsOfDeliveries)).map(({ status, n }) => [status, n]),
          ),
        (ends) => !('pending' in ends),
        patienceMs,
      );
      const result = await account(statuses);
      print(fault, result);
      return result;
    },
  };
}

const recordedEvents = `
  SELECT DISTINCT d.event_id FROM deliveries d
  JOIN attempts a ON a.tenant_id = d.tenant_id AND a.delivery_id = d.id
  WHERE starts_with(d.event_id, $1)`;

const attemptsThatArrived = `
  SELECT d.event_id, count(*)::integer AS attempts FROM deliveries d
  JOIN attempts a ON a.tenant_id = d.tenant_id AND a.delivery_id = d.id
  WHERE starts_with(d.event_id, $1) AND a.error_class IS DISTINCT FROM 'connect_error'
  GROUP BY d.event_id`;

const endsOfDeliveries = `
  SELECT status, count(*)::integer AS n FROM deliveries WHERE starts_with(event_id, $1) GROUP BY status`;

function longestGap(times: number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return Math.max(...sorted.slice(1).map((at, index) => at - (sorted[index] ?? at)));
}

/** What holds after every fault. */
export function expectNothingLost(account: Account): void {
  expect(account.accepted).toBeGreaterThan(0);
  expect(account).toMatchObject({ lost: [], unexplained: [], overlapping: [] });
  expect(Object.keys(account.statuses)).toEqual(['delivered']);
  expect(account.duplicates).toBeLessThanOrEqual(account.inFlight);
}
