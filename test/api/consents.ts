import type { Answer, TestApi, TestClient } from '../support/api';

/** Eleven digits that appear nowhere else: whatever shows them shows too much. */
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
  permissions: string[];
  createdAt: string;
  statusUpdatedAt: string;
  expiresAt: string | null;
  workflowId: string;
  temporalUrl: string | null;
}

/** One tenant's way to its consents. */
export function consentsOf(api: TestApi, client: TestClient) {
  const call = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
    api.call(method, `/api/v1/consents${path}`, {
      token: client.token,
      headers,
      ...(body !== undefined && { body }),
    });

  return {
    call,
    async create(more: Record<string, unknown> = {}): Promise<ConsentJson> {
      const answer = await call('POST', '', { ...newConsent, ...more });
      if (answer.status !== 201) throw new Error(`not created: ${answer.status} ${answer.text}`);
      return answer.json as ConsentJson;
    },
    act: (consentId: string, action: string, body?: unknown): Promise<Answer> =>
      call('POST', `/${consentId}/${action}`, body),
    read: async (consentId: string) => (await call('GET', `/${consentId}`)).json as ConsentJson,
    /** Names of the tenant's events, in the order they were published. */
    async events(): Promise<string[]> {
      const answer = await api.call('GET', '/api/v1/events?limit=250', { token: client.token });
      return (answer.json as { data: { type: string }[] }).data.map(({ type }) => type).reverse();
    },
    /** As if it had been created, and had come to its status, that much earlier. */
    async age(consentId: string, byMs: number): Promise<void> {
      await api.database.raw(
        `UPDATE consents SET created_at = created_at - m.by, status_updated_at = status_updated_at - m.by,
                             expires_at = expires_at - m.by
         FROM (SELECT ? * interval '1 ms' AS by) m WHERE tenant_id = ? AND id = ?`,
        [byMs, client.tenantId, consentId.replace('urn:everhook:', '')],
      );
    },
  };
}
