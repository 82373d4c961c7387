import { eventually, type Answer, type TenantApi } from '../support/everhook';
import type { HttpReceiver } from '../support/receivers';

export const cpf = '74682051937';

export const newConsent = {
  type: 'DATA',
  loggedUser: { document: { identification: cpf, rel: 'CPF' } },
  permissions: ['ACCOUNTS_READ', 'RESOURCES_READ'],
};

export interface ConsentJson {
  consentId: string;
  type: string;
  status: string;
  createdAt: string;
  statusUpdatedAt: string;
  expiresAt: string | null;
  workflowId: string;
  temporalUrl: string | null;
}

/** One tenant's way to its consents over HTTP. */
export function consentClient(api: TenantApi) {
  const read = async ({ consentId }: Pick<ConsentJson, 'consentId'>) =>
    (await api.call<ConsentJson>('GET', `/api/v1/consents/${consentId}`)).body;
  return {
    read,
    async create(more: object = {}): Promise<ConsentJson> {
      const { status, body } = await api.call<ConsentJson>('POST', '/api/v1/consents', { ...newConsent, ...more });
      if (status !== 201) throw new Error(`not created: ${status} ${JSON.stringify(body)}`);
      return body;
    },
    act: (
      { consentId }: ConsentJson,
      action: string,
      body?: object,
    ): Promise<Answer<ConsentJson & { acceptedAt: string; detail: string }>> =>
      api.call('POST', `/api/v1/consents/${consentId}/${action}`, body),
    until: (consent: ConsentJson, status: string, withinMs = 20_000) =>
      eventually(
        () => read(consent),
        (one) => one.status === status,
        withinMs,
      ),
  };
}

/** Two interceptors of Celcoin's contract and a webhook of Everhook's own, each with a path of the receiver. */
export async function register(
  api: TenantApi,
  receiver: HttpReceiver,
  paths: { data: string; payment: string; everything: string },
): Promise<void> {
  const noAuth = { isAuthenticated: false, authenticationType: '', user: '', password: '' };
  const interceptor = (type: string, path: string) =>
    api.call('POST', '/api/smart-keys/interceptors', { endpoint: receiver.url + path, ...noAuth, type });
  const answers = [
    await interceptor('DATA', paths.data),
    await interceptor('PAYMENT', paths.payment),
    await api.call('POST', '/api/v1/webhooks', {
      targetUrl: receiver.url + paths.everything,
      events: ['before:consent:create', 'after:consent:create', 'consent:approved', 'consent:expired'],
    }),
  ];
  for (const { status, body } of answers) {
    if (status !== 201) throw new Error(`not registered: ${status} ${JSON.stringify(body)}`);
  }
}

/** What arrived at a path, of one consent if it is named: the event's name and what it says. */
export function eventsAt(
  receiver: HttpReceiver,
  path: string,
  consentId?: string,
): { event: string; data: Record<string, unknown> }[] {
  return receiver.requests
    .filter((request) => request.path === path)
    .map(({ body }) => JSON.parse(body.toString()) as { event?: string; type?: string; data: Record<string, unknown> })
    .map(({ event, type, data }) => ({ event: event ?? type ?? '', data }))
    .filter(({ data }) => consentId === undefined || data.consentId === consentId);
}
