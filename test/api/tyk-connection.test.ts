import type { ConnectionTestInput, ConnectionTestResult } from '../../src/domain/connection-test-run';
import { TemporalUnavailable } from '../../src/platform/temporal';
import { minimal, openTykPortal, type TykPortal } from './tyk-portal';

let portal: TykPortal;
const asked: ConnectionTestInput[] = [];
let result: ConnectionTestResult | null | Error;

beforeAll(async () => {
  portal = await openTykPortal({
    overrides: {
      connectionTests: {
        run: async (input) => {
          asked.push(input);
          if (result instanceof Error) throw result;
          return result;
        },
      },
    },
  });
});
afterAll(() => portal.api.close());

async function testConnection() {
  const { ID } = await portal.create();
  return portal.call('POST', `/${ID}/test-connection`);
}

describe('the test of a connection', () => {
  it.each([
    ['ok', { statusCode: 200, errorClass: null, durationMs: 12 }],
    ['ok', { statusCode: 204, errorClass: null, durationMs: 12 }],
    ['reachable', { statusCode: 302, errorClass: null, durationMs: 12 }],
    ['reachable', { statusCode: 405, errorClass: null, durationMs: 12 }],
    ['reachable', { statusCode: 503, errorClass: null, durationMs: 12 }],
    ['unreachable', { statusCode: null, errorClass: 'timeout', durationMs: 5_000 }],
    ['unreachable', { statusCode: null, errorClass: 'blocked_address', durationMs: 0 }],
  ] as const)('is %s for %j', async (status, seen) => {
    result = seen;
    const answer = await testConnection();
    expect([answer.status, answer.json]).toEqual([200, { status, ...seen }]);
  });

  it('is about the webhook of that ID, disabled or not', async () => {
    result = { statusCode: 200, errorClass: null, durationMs: 12 };
    const { ID } = await portal.create();
    const path = await portal.nativePath(ID);
    await portal.api.call('PATCH', path, { token: portal.client.token, body: { disabled: true } });
    expect((await portal.call('POST', `/${ID}/test-connection`, {})).status).toBe(200);
    expect(asked.at(-1)).toEqual({ tenantId: portal.client.tenantId, webhookId: path.split('/').at(-1) });
  });

  it('answers 503 when no worker has made it', async () => {
    result = new TemporalUnavailable(new Error('no answer within 10000 ms'));
    const answer = await testConnection();
    expect([answer.status, answer.json]).toEqual([
      503,
      { errors: ['The workflow service is unavailable; try again.'] },
    ]);
    expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
  });

  it('answers 404 when the webhook was removed meanwhile', async () => {
    result = null;
    expect((await testConnection()).status).toBe(404);
  });

  it('takes no body but an empty one', async () => {
    const { ID } = await portal.create();
    const answer = await portal.call('POST', `/${ID}/test-connection`, minimal);
    expect([answer.status, answer.json]).toEqual([
      422,
      { errors: ['URL: is not a known key', 'Events: is not a known key'] },
    ]);
  });
});
