import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { characters, type Character, type SoakReceivers } from './receivers';
import type { SoakLoad } from './load';
import { eventType, type SoakTenant } from './tenant';

/** What became of everything, once all has come to rest. */
export interface Account {
  accepted: number;
  deliveries: Record<string, number>;
  attempts: number;
  /**
   * Deliveries that came again to a receiver that is well, and had been answered 200: their sender died before it had
   * recorded that. Elsewhere an answer of 2xx may count as a failure, for its lateness or its length.
   */
  acceptedAgain: number;
  consents: Record<string, number>;
  /** What must not be: none of these is allowed. At most a few of each kind. */
  problems: string[];
}

interface DeliveryRow {
  tenant_id: string;
  event_id: string;
  target_url: string;
  status: string;
  attempts: number;
  failed_attempts: number;
}

const mostAttempts = 4;
const shownOfEach = 5;
/** An expiry is late if it is found so long after its deadline. */
const lateMs = 60_000;

/** Waits until nothing is on its way any more, `withinMs` at most. False: something still is. */
export async function comesToRest(databaseUrl: string, withinMs: number): Promise<boolean> {
  const until = performance.now() + withinMs;
  for (;;) {
    const [row] = await query<{ open: number }>(
      databaseUrl,
      `SELECT (SELECT count(*) FROM deliveries WHERE status = 'pending')::integer
            + (SELECT count(*) FROM consents WHERE expires_at IS NOT NULL)::integer
            + (SELECT count(*) FROM credentials WHERE status IN ('provisioning', 'revoking'))::integer
            + (SELECT count(*) FROM consent_actions WHERE settled_at IS NULL)::integer AS open`,
    ).catch(() => [{ open: 1 }]);
    if (row?.open === 0) return true;
    if (performance.now() > until) return false;
    await sleep(500);
  }
}

/** @throws when PostgreSQL does not answer */
export async function pendingDeliveries(databaseUrl: string): Promise<number> {
  const [row] = await query<{ pending: number }>(
    databaseUrl,
    `SELECT count(*)::integer AS pending FROM deliveries WHERE status = 'pending'`,
  );
  return row?.pending ?? 0;
}

/** Compares what publishers were told, what receivers got, and what is recorded. */
export async function accountOf(options: {
  databaseUrl: string;
  tenants: readonly SoakTenant[];
  load: Pick<SoakLoad, 'accepted'>;
  receivers: SoakReceivers;
}): Promise<Account> {
  const { databaseUrl, tenants, load, receivers } = options;
  const rows = await query<DeliveryRow>(
    databaseUrl,
    `SELECT d.tenant_id, d.event_id, w.target_url, d.status, count(a.number)::integer AS attempts,
            count(a.error_class)::integer AS failed_attempts
     FROM deliveries d
     JOIN webhooks w ON w.tenant_id = d.tenant_id AND w.id = d.webhook_id
     LEFT JOIN attempts a ON a.tenant_id = d.tenant_id AND a.delivery_id = d.id
     WHERE d.event_type = $1 GROUP BY d.tenant_id, d.id, d.event_id, w.target_url, d.status`,
    [eventType],
  );
  const problems = new Map<string, string[]>();
  const problem = (kind: string, what: string) => problems.set(kind, [...(problems.get(kind) ?? []), what]);
  const deliveries: Record<string, number> = {};
  const stored = new Map<string, number>();
  let attempts = 0;
  let acceptedAgain = 0;

  const numbers = new Map(tenants.map(({ tenantId, number }) => [tenantId, number]));
  for (const row of rows) {
    const number = numbers.get(row.tenant_id) ?? -1;
    const character = characterOf(row.target_url);
    const what = `${row.event_id} for ${character}: ${row.status} after ${row.attempts} attempts`;
    deliveries[row.status] = (deliveries[row.status] ?? 0) + 1;
    attempts += row.attempts;
    stored.set(`${number} ${row.event_id}`, (stored.get(`${number} ${row.event_id}`) ?? 0) + 1);
    const { accepted = 0 } = receivers.reception(number, character, row.event_id) ?? {};
    if (accepted > 1 && character === 'steady') acceptedAgain += 1;
    if (row.status === 'delivered' && accepted === 0) problem('said to be delivered and never came', what);
    if (row.status === 'failed' && (row.attempts !== mostAttempts || row.failed_attempts !== mostAttempts)) {
      problem('gave up too early', what);
    }
    if (row.status === 'failed' && character === 'steady') problem('failed at a receiver that is well', what);
    if (row.status !== 'delivered' && row.status !== 'failed') problem('stuck', what);
  }
  let accepted = 0;
  for (const [number, ids] of load.accepted) {
    accepted += ids.length;
    for (const id of ids) {
      const found = stored.get(`${number} ${id}`) ?? 0;
      if (found !== characters.length) problem('lost', `${id} has ${found} deliveries of ${characters.length}`);
    }
  }
  for (const what of receivers.wrong) problem('came to the wrong one', what);

  const stuck = await query<{ id: string; status: string }>(
    databaseUrl,
    `SELECT id::text, status FROM credentials WHERE status NOT IN ('active', 'revoked', 'failed')`,
  );
  for (const { id, status } of stuck) problem('credentials stuck', `${id} is ${status}`);
  const consents = await query<{ status: string; count: number; late: number }>(
    databaseUrl,
    `SELECT status, count(*)::integer AS count,
            (count(*) FILTER (WHERE expires_at < now() - ${lateMs} * interval '1 ms'))::integer AS late
     FROM consents GROUP BY status`,
  );
  for (const { status, late } of consents)
    if (late > 0) problem('consents past their deadline', `${late} are ${status}`);
  return {
    accepted,
    deliveries,
    attempts,
    acceptedAgain,
    consents: Object.fromEntries(consents.map(({ status, count }) => [status, count])),
    problems: [...problems].map(([kind, all]) => `${kind} (${all.length}): ${all.slice(0, shownOfEach).join('; ')}`),
  };
}

function characterOf(targetUrl: string): Character {
  const found = characters.find((one) => targetUrl.endsWith(`/${one}`));
  if (!found) throw new Error(`no receiver is at ${targetUrl}`);
  return found;
}

async function query<Row extends object>(url: string, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}
