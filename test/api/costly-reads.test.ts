import { createDatabase } from '../../src/store/database';
import { startTestApi, type Answer, type TestApi } from '../support/api';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

/** Each of them asks for something else, so that nothing that is remembered helps. */
const costly = (webhookId: string, nth: number) => {
  const at = new Date(Date.UTC(2026, 0, 1, 0, 0, nth)).toISOString();
  return [
    `/api/v1/stats/webhooks?since=${at}`,
    `/api/v1/stats/deliveries?from=2025-12-31T00:00:00Z&to=${at}&step=1d`,
    `/api/v1/stats/failing?minutes=${nth + 1}`,
    `/api/v1/webhooks/${webhookId}/stats?since=${at}`,
    `/api/v1/deliveries?status=failed&after=${at}`,
  ];
};

it('a tenant whose figures take PostgreSQL long leaves connections to the others', async () => {
  const [greedy, other] = [await api.newClient(), await api.newClient()];
  const body = { targetUrl: 'https://example.com', events: ['everhook.test'] };
  const made = await api.call('POST', '/api/v1/webhooks', { token: greedy.token, body });
  const { id } = made.json as { id: string };

  const busy = createDatabase(api.config.DATABASE_URL, { max: 1 });
  const locked = await busy.transaction();
  try {
    // Whatever reads deliveries now takes until this ends.
    await locked.raw('LOCK TABLE deliveries IN ACCESS EXCLUSIVE MODE');
    const asked = Array.from({ length: 8 }, (_, nth) => costly(id, nth)).flat();
    const answers: Answer[] = [];
    let all: Promise<void>[] = [];
    const refused = new Promise<void>((resolve) => {
      const note = (answer: Answer) => {
        answers.push(answer);
        if (answers.length === asked.length - 22) resolve();
      };
      all = asked.map((path) => api.call('GET', path, { token: greedy.token }).then(note));
    });
    await refused;
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([429]));
    expect(answers[0]?.headers.get('retry-after')).toBe('2');
    expect((await api.call('GET', '/api/v1/webhooks', { token: other.token })).status).toBe(200);

    await locked.commit();
    // Those that waited get their turns, and so does who comes back.
    await Promise.all(all);
    expect(answers.slice(-22).map(({ status }) => status)).toEqual(Array.from({ length: 22 }, () => 200));
    expect((await api.call('GET', asked[0] ?? '', { token: greedy.token })).status).toBe(200);
  } finally {
    if (!locked.isCompleted()) await locked.rollback();
    await busy.destroy();
  }
});
