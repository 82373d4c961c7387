import { closedPort } from '../support/receivers';
import { startTestApi, type TestApi } from '../support/api';

process.env.AWS_ACCESS_KEY_ID = 'stand-in';
process.env.AWS_SECRET_ACCESS_KEY = 'stand-in';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({
    env: {
      ENCRYPTION_KEYS: 'aws:kms:arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${await closedPort()}`,
    },
  });
});
afterAll(() => api.close());

it('what has a secret to store is answered 503 while the key service is away, and nothing of it is stored', async () => {
  const { token, tenantId } = await api.newClient();
  const password = 'canary-password';
  const iceye = { targetURL: 'https://example.com', auth: { type: 'basic', username: 'user', password } };
  const answers = [
    await api.call('POST', '/api/v1/webhooks', { token, body: { targetUrl: 'https://example.com/', events: ['*'] } }),
    await api.call('POST', '/api/notifications/v1/webhooks', { token, body: iceye }),
  ];
  for (const { status, headers, json } of answers) {
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toMatch(/^\d+$/);
    expect(json).toMatchObject({ detail: 'The key service is unavailable; try again.' });
  }
  expect(await api.database('webhooks').where({ tenant_id: tenantId })).toEqual([]);
  const said = JSON.stringify([answers.map(({ text }) => text), api.logged]);
  expect(said).not.toContain(password);
  expect((await api.call('GET', '/api/v1/webhooks', { token })).status).toBe(200);
});
