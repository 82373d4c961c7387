import { Client } from 'pg';

/**
 * A day of deliveries that ended, as rows: what no test and no picture has the time to wait for. More by day than by
 * night, and of the failing webhook's every delivery of the last four hours failed.
 */
export async function giveHistory(
  databaseUrl: string,
  webhooks: Record<'healthy' | 'failing', string>,
  count = 4_000,
): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(
      `WITH times AS (
         SELECT n, now() - interval '24 h' * (1 - power(n::float / $3, 0.8)) AS at,
                CASE WHEN n % 5 = 0 THEN $2::uuid ELSE $1::uuid END AS webhook_id
         FROM generate_series(1, $3 - 60) n
       ), made AS (
         SELECT t.*, w.tenant_id, w.contract, lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') AS ms,
                md5(n::text) AS random,
                CASE WHEN t.webhook_id = $2 AND at > now() - interval '4 h' THEN 'failed'
                     WHEN n % 97 = 0 THEN 'failed' ELSE 'delivered' END AS status,
                18 + (n * 7919) % 140 + CASE WHEN n % 40 = 0 THEN 600 ELSE 0 END AS took_ms
         FROM times t JOIN webhooks w ON w.id = t.webhook_id
       ), rows AS (
         SELECT *, (substr(ms, 1, 8) || '-' || substr(ms, 9, 4) || '-7' || substr(random, 1, 3) || '-8' || substr(random, 4, 3)
                    || '-' || substr(random, 7, 12))::uuid AS id
         FROM made
       ), published AS (
         INSERT INTO events (tenant_id, id, event_id, type, payload, created_at)
         SELECT tenant_id, id, 'invoice-' || n, 'invoice.paid', json_build_object('invoiceId', 'inv_' || n, 'amount', n || '.50'), at
         FROM rows
       ), stored AS (
         INSERT INTO deliveries (tenant_id, id, event_uid, webhook_id, event_id, event_type, contract, status, retry_schedule,
                                 due_at, started_at, claimed_until, completed_at, last_error_class, created_at)
         SELECT tenant_id, id, id, webhook_id, 'invoice-' || n, 'invoice.paid', contract, status, '{}', at, at, at,
                at + took_ms * interval '1 ms', CASE WHEN status = 'failed' THEN 'http_status' END, at
         FROM rows
       )
       INSERT INTO attempts (tenant_id, delivery_id, number, started_at, duration_ms, status_code, error_class, response_body)
       SELECT tenant_id, id, 1, at, took_ms, CASE status WHEN 'failed' THEN 503 ELSE 200 END,
              CASE WHEN status = 'failed' THEN 'http_status' END,
              CASE WHEN status = 'failed' THEN 'upstream connect error' ELSE 'ok' END
       FROM rows`,
      [webhooks.healthy, webhooks.failing, count],
    );
    await client.query(`UPDATE webhooks SET failing_since = now() - interval '4 h' WHERE id = $1`, [webhooks.failing]);
    await client.query('ANALYZE deliveries, attempts');
  } finally {
    await client.end();
  }
}
