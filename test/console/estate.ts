import { Client } from 'pg';
import { eventually, type TenantApi } from '../support/everhook';

/** What a tenant has that a page of the console can show: made by the API and carried out by a worker. */
export interface Estate {
  /** Webhooks by what is to be seen of them. */
  webhooks: Record<'healthy' | 'failing' | 'disabled' | 'sovrin' | 'iceye' | 'tyk' | 'celcoin', string>;
  /** UUIDs of consents by status. */
  consents: Record<'awaiting' | 'approved' | 'consumed' | 'expired' | 'rejected', string>;
  /** A delivery that failed for good. */
  failedDelivery: string;
}

const invoicePaid = {
  description: 'An invoice was paid in full.',
  schema: {
    type: 'object',
    properties: {
      invoiceId: { type: 'string' },
      amount: { type: 'string', pattern: '^[0-9]+\\.[0-9]{2}$' },
      customer: { type: 'string' },
    },
    required: ['invoiceId', 'amount'],
  },
  example: { invoiceId: 'inv_42', amount: '99.50', customer: 'Acme' },
};

/**
 * @param receiver an origin that answers 503 on `/down` and 200 elsewhere
 * @param databaseUrl for what takes an hour otherwise: consents get older
 */
export async function giveEstate(
  api: TenantApi,
  { receiver, databaseUrl, events = 6 }: { receiver: string; databaseUrl: string; events?: number },
): Promise<Estate> {
  const make = maker(api);
  const webhook = async (path: string, body: object) => (await make<{ id: string }>('POST', path, body)).id;

  await make('PUT', '/api/v1/event-types/invoice.paid', invoicePaid);
  await make('PUT', '/api/v1/event-types/invoice.overdue', {
    description: 'An invoice was not paid in time.',
    example: { invoiceId: 'inv_43', daysOverdue: 12 },
  });
  const own = '/api/v1/webhooks';
  const webhooks = {
    ...(await webhooksOfContracts(api, receiver)),
    disabled: await webhook(own, {
      ...{ targetUrl: `${receiver}/crm`, events: ['invoice.overdue'], description: 'Old CRM', disabled: true },
    }),
    failing: await webhook(own, {
      ...{ targetUrl: `${receiver}/down`, events: ['invoice.*'], description: 'Invoices to the ERP', maxRetries: 1 },
    }),
    healthy: await webhook(own, {
      ...{ targetUrl: `${receiver}/invoices`, events: ['invoice.*'], description: 'Invoices to the warehouse' },
      ...{ headers: { 'X-Environment': 'production', 'X-Api-Key': 'canary' }, channels: [] },
    }),
  };

  for (let number = 1; number <= events; number += 1) {
    const payload = { invoiceId: `inv_${1000 + number}`, amount: `${number * 7}.50`, customer: 'Acme' };
    await make('POST', '/api/v1/events', { id: `invoice-${1000 + number}`, type: 'invoice.paid', payload });
  }
  for (const id of [webhooks.sovrin, webhooks.iceye, webhooks.tyk]) await api.call('POST', `${own}/${id}/test`);
  const consents = await makeConsents(api, databaseUrl);
  const failed = await eventually(
    async () => (await api.call<{ data: { id: string }[] }>('GET', '/api/v1/deliveries?status=failed')).body.data,
    ({ length }) => length >= events,
    60_000,
  );
  return { webhooks, consents, failedDelivery: failed[0]?.id ?? '' };
}

/** The ids of a webhook of each contract but Everhook's own. */
export async function webhooksOfContracts(api: TenantApi, receiver: string) {
  const make = maker(api);
  const webhook = async (path: string, body: object) => (await make<{ id: string }>('POST', path, body)).id;
  return {
    celcoin: await webhook('/api/smart-keys/interceptors', {
      ...{ endpoint: `${receiver}/consents`, type: 'DATA', isAuthenticated: true },
      ...{ authenticationType: 'BASIC', user: 'everhook', password: 'correct horse' },
    }),
    tyk: await tykWebhook(api, receiver),
    iceye: await webhook('/api/notifications/v1/webhooks', {
      targetURL: `${receiver}/imagery`,
      auth: { type: 'basic', username: 'everhook', password: 'correct horse' },
    }),
    sovrin: await webhook('/v1/webhooks', { url: `${receiver}/credentials`, events: ['OpenIdCredentialIssued'] }),
  };
}

/** Asks the API, and throws where it refuses. */
function maker(api: TenantApi) {
  return async <T>(method: string, path: string, body: object): Promise<T> => {
    const answer = await api.call<T>(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
}

/** The contract shows a number; its id is that of the newest webhook. */
async function tykWebhook(api: TenantApi, receiver: string): Promise<string> {
  await api.call('POST', '/portal-api/webhooks', { URL: `${receiver}/portal`, Events: ['UserRegistered'] });
  const { body } = await api.call<{ data: { id: string }[] }>('GET', '/api/v1/webhooks?contract=tyk');
  return body.data[0]?.id ?? '';
}

async function makeConsents(api: TenantApi, databaseUrl: string): Promise<Estate['consents']> {
  const person = { document: { identification: '12345678909', rel: 'CPF' } };
  const permissions = ['ACCOUNTS_READ', 'ACCOUNTS_BALANCES_READ', 'RESOURCES_READ'];
  const create = async (...actions: string[]): Promise<string> => {
    const body = { type: 'DATA', loggedUser: person, permissions };
    const { consentId } = (await api.call<{ consentId: string }>('POST', '/api/v1/consents', body)).body;
    for (const action of actions) await api.call('POST', `/api/v1/consents/${consentId}/${action}`);
    return consentId.replace('urn:everhook:', '');
  };
  const consents = {
    expired: await create(),
    rejected: await create('reject'),
    consumed: await create('approve', 'consume'),
    approved: await create('approve'),
    awaiting: await create(),
  };
  await age(databaseUrl, { [consents.expired]: 70, [consents.awaiting]: 52, [consents.consumed]: 40 });
  // The next action on it finds what is due.
  await api.call('POST', `/api/v1/consents/urn:everhook:${consents.expired}/approve`);
  return consents;
}

/** As if consents had been created that many minutes earlier; what happens next, happens by that. */
async function age(databaseUrl: string, minutes: Record<string, number>): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  for (const [id, by] of Object.entries(minutes)) {
    await client.query(
      `UPDATE consents SET created_at = created_at - m.by, look_at = now(),
              status_updated_at = status_updated_at - CASE WHEN status = 'CONSUMED' THEN m.by * 0.2 ELSE m.by END,
              expires_at = expires_at - m.by
       FROM (SELECT $2 * interval '1 min' AS by) m WHERE id = $1`,
      [id, by],
    );
    await client.query(
      `UPDATE consent_actions SET accepted_at = accepted_at - $2 * interval '1 min' * CASE action WHEN 'approve' THEN 0.6 ELSE 0.2 END
       WHERE consent_id = $1`,
      [id, by],
    );
  }
  await client.end();
}
