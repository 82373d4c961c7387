import { startTestApi, type TestApi, type TestApiOptions, type TestClient } from '../support/api';

export interface TykRecord {
  ID: number;
  Headers: { ID: number; Name: string; Value: string }[];
  Secret: string;
}

export const portalPath = '/portal-api/webhooks';
export const minimal = { URL: 'https://example.com/hooks?a=b', Events: ['UserRegistered'] };
export const minute = expect.stringMatching(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}$/) as string;

export const errorsOf = (answer: { json: unknown }) => (answer.json as { errors: string[] }).errors;

/** The API with one client, and what tests of the Tyk portal do with it; `api.close` in `afterAll`. */
export async function openTykPortal(options: TestApiOptions = {}) {
  const api: TestApi = await startTestApi(options);
  const client: TestClient = await api.newClient();

  const call = (method: string, rest = '', body?: unknown, token = client.token) =>
    api.call(method, portalPath + rest, { token, ...(body !== undefined && { body }) });
  const find = (id: number) => api.dependencies.webhooks.findByNumber(client.tenantId, 'tyk', id);

  return {
    api,
    client,
    call,

    async create(more: object = {}, token = client.token) {
      const answer = await call('POST', '', { ...minimal, ...more }, token);
      expect([answer.status, answer.text]).toEqual([201, answer.text]);
      return answer.json as TykRecord;
    },

    /** The path of the same webhook in the native API. */
    nativePath: async (id: number) => `/api/v1/webhooks/${(await find(id))?.id}`,

    /** The secret headers of a webhook as its requests would have them. */
    async secretHeaders(id: number): Promise<Record<string, string>> {
      const stored = await api
        .database('webhook_secrets')
        .where({ webhook_id: (await find(id))?.id })
        .select<{ id: string; field: string; ciphertext: string }[]>('*');
      const { headers } = await api.dependencies.webhooks.openSecrets(client.tenantId, stored);
      return Object.fromEntries([...headers].map(([name, secret]) => [name, secret.reveal()]));
    },
  };
}

export type TykPortal = Awaited<ReturnType<typeof openTykPortal>>;
