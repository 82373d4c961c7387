import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import type { EverhookError } from '../../src/client';
import { createClient, isEverhookError, type ClientOptions } from '../../src/client';
import { closedPort, startReceiver, type HttpReceiver, type ReceivedRequest } from '../support/receivers';

/** Answers in their order; the last one stays. */
type Answer = (response: ServerResponse, request: ReceivedRequest) => void;
let answers: Answer[];
let tokens: string[];
let server: HttpReceiver;

const secret = 'canary-client-secret';
const problem = (status: number, headers: Record<string, string> = {}): Answer => {
  const body = { type: '/problems/unavailable', title: 'Title', status, detail: 'Detail.', requestId: 'r-1' };
  return (response) => response.writeHead(status, headers).end(JSON.stringify(body));
};
const json =
  (body: object, status = 200): Answer =>
  (response) =>
    response.writeHead(status).end(JSON.stringify(body));
const page = json({ data: [], nextCursor: null });
const cut: Answer = (response) => response.destroy();
const silence: Answer = () => {};

beforeAll(async () => {
  server = await startReceiver((request, response) => {
    if (request.path === '/base/oauth2/token') {
      const token = `canary-token-${tokens.length + 1}`;
      tokens.push(token);
      return json({ access_token: token, expires_in: 3600 })(response, request);
    }
    const [answer = page] = answers.length > 1 ? answers.splice(0, 1) : answers;
    answer(response, request);
  });
});
afterAll(() => server.close());
beforeEach(() => {
  answers = [];
  tokens = [];
  server.requests.length = 0;
});

const client = (options: Partial<ClientOptions> = {}) =>
  createClient({ url: `${server.url}/base/`, clientId: 'a:b', clientSecret: secret, ...options } as ClientOptions);
const sent = () => server.requests.filter(({ path }) => path !== '/base/oauth2/token');

async function failure(promise: Promise<unknown>): Promise<EverhookError> {
  const error = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (!isEverhookError(error)) throw error;
  return error;
}

describe('what is sent again', () => {
  const webhook = { targetUrl: 'https://a.example', events: ['*'] };

  test.each<[string, Answer]>([
    ['429', problem(429)],
    ['502', problem(502)],
    ['503', problem(503)],
    ['504', problem(504)],
    ['a cut connection', cut],
  ])('a read after %s', async (_name, answer) => {
    answers = [answer, answer, page];
    await expect(client().webhooks.list().page()).resolves.toEqual({ data: [], nextCursor: null });
    expect(sent()).toHaveLength(3);
  });

  it('an event with the same id, its own or one made here', async () => {
    answers = [cut, problem(503), json({ id: 'e', duplicate: true }, 202)];
    const event = { type: 'everhook.test', payload: {} };
    await expect(client().events.publish(event)).resolves.toMatchObject({ duplicate: false });
    await expect(client().events.publish({ ...event, id: 'e' })).resolves.toMatchObject({ duplicate: true });
    const ids = sent().map(({ body }) => (JSON.parse(body.toString()) as { id: string }).id);
    expect(ids).toEqual([ids[0], ids[0], ids[0], 'e']);
    expect(ids[0]).toMatch(/^[\w-]{36}$/);
  });

  it('what may have happened already is not, if twice would be more than once', async () => {
    for (const answer of [cut, problem(503)]) {
      answers = [answer];
      await expect(failure(client().webhooks.create(webhook))).resolves.toMatchObject({ attempts: 1 });
      await expect(failure(client().webhooks.rotateSecret('w'))).resolves.toMatchObject({ attempts: 1 });
    }
    expect(sent()).toHaveLength(4);
  });

  it('anything that has not happened is: the rate limit was reached, or nobody listened', async () => {
    answers = [problem(429), json({ id: 'w' }, 201)];
    await expect(client().webhooks.create(webhook)).resolves.toEqual({ id: 'w' });
    const url = `http://127.0.0.1:${await closedPort()}`;
    const refused = createClient({ url, token: 't', maxAttempts: 3 }).webhooks.create(webhook);
    const message = `${url} does not answer: ECONNREFUSED`;
    await expect(failure(refused)).resolves.toMatchObject({ code: 'network', attempts: 3, message });
  });

  it('a removal whose answer was lost is done when the thing is gone, and only then', async () => {
    answers = [cut, problem(404)];
    await expect(client().webhooks.delete('w')).resolves.toBeUndefined();
    answers = [problem(404)];
    await expect(failure(client().webhooks.delete('w'))).resolves.toMatchObject({ status: 404 });
  });

  it('nothing when it was refused', async () => {
    answers = [problem(409)];
    await expect(failure(client().deliveries.get('d'))).resolves.toMatchObject({ status: 409, attempts: 1 });
  });
});

describe('how long a call takes', () => {
  it('waits as long as Retry-After says', async () => {
    answers = [problem(503, { 'retry-after': '1' }), page];
    const start = performance.now();
    await client().audit.list().page();
    expect(performance.now() - start).toBeGreaterThanOrEqual(990);
  });

  it('holds a date in Retry-After against the date of the answer: our clock may be another', async () => {
    const [date, later] = ['Fri, 01 Jan 2100 00:00:00 GMT', 'Fri, 01 Jan 2100 00:30:00 GMT'];
    answers = [problem(429, { date, 'retry-after': later })];
    await expect(failure(client().audit.list().page())).resolves.toMatchObject({ retryAfterMs: 1_800_000 });
  });

  it('may be without bounds', async () => {
    answers = [problem(503), page];
    const unbound = client({ timeoutMs: Infinity, deadlineMs: Infinity });
    await expect(unbound.audit.list().page()).resolves.toMatchObject({ data: [] });
  });

  it.each([{ timeoutMs: 0 }, { deadlineMs: -1 }, { maxAttempts: Number.NaN }])('can not be %j', async (limits) => {
    expect(() => client(limits)).toThrow(TypeError);
    await expect(client().deliveries.get('d', limits)).rejects.toThrow(TypeError);
  });

  it('gives up at once when that is after the deadline, and says when to come back', async () => {
    answers = [problem(429, { 'retry-after': '3600' })];
    const error = await failure(client().audit.list().page());
    expect(error).toMatchObject({ status: 429, attempts: 1, retryAfterMs: 3_600_000 });
  });

  it('an answer that does not come is a timeout, and a new try', async () => {
    answers = [silence, page];
    await expect(client({ timeoutMs: 100 }).audit.list().page()).resolves.toMatchObject({ data: [] });
    answers = [silence];
    const error = await failure(client().deliveries.get('d', { timeoutMs: 50, maxAttempts: 2 }));
    expect(error).toMatchObject({ code: 'timeout', status: null, attempts: 2 });
  });

  it('a body that never ends is a timeout too', async () => {
    answers = [(response) => response.writeHead(200).write('{')];
    const error = await failure(client().deliveries.get('d', { timeoutMs: 50, maxAttempts: 1 }));
    expect(error).toMatchObject({ code: 'timeout' });
  });

  it('the deadline ends all tries', async () => {
    answers = [silence];
    const error = await failure(client().deliveries.get('d', { deadlineMs: 100 }));
    expect(error).toMatchObject({ code: 'timeout', operation: 'GET /api/v1/deliveries/d' });
  });

  it.each(['before it', 'while it waits for an answer', 'while it waits for the next try'])(
    'an abort %s ends it with its reason',
    async (when) => {
      const controller = new AbortController();
      const reason = new Error('enough');
      const abort = () => controller.abort(reason);
      if (when === 'before it') abort();
      answers = [
        (response, request) => {
          if (when.endsWith('next try')) problem(503, { 'retry-after': '30' })(response, request);
          setTimeout(abort, 20);
        },
      ];
      await expect(client().deliveries.get('d', { signal: controller.signal })).rejects.toBe(reason);
    },
  );
});

describe('the access token', () => {
  it('is fetched once for all calls, with id and secret form-encoded inside of HTTP Basic', async () => {
    const one = client();
    await Promise.all(Array.from({ length: 10 }, () => one.audit.list().page()));
    expect(tokens).toHaveLength(1);
    const [asked] = server.requests;
    expect(asked?.headers.authorization).toBe(`Basic ${Buffer.from(`a%3Ab:${secret}`).toString('base64')}`);
    expect(sent().map(({ headers }) => headers.authorization)).toEqual(Array(10).fill('Bearer canary-token-1'));
  });

  it('is renewed once for all calls that it was refused to, whatever their method', async () => {
    const one = client();
    answers = [
      (response, request) => {
        const isOld = request.headers.authorization === 'Bearer canary-token-1';
        (isOld ? problem(401) : json({ id: 'w' }))(response, request);
      },
    ];
    const calls = Array.from({ length: 10 }, () => one.webhooks.create({ targetUrl: 'https://a.example', events: [] }));
    await expect(Promise.all(calls)).resolves.toHaveLength(10);
    expect(tokens).toHaveLength(2);
  });

  it('is not asked for again and again when it is always refused', async () => {
    answers = [problem(401)];
    await expect(failure(client().audit.list().page())).resolves.toMatchObject({ status: 401, attempts: 1 });
    expect([tokens.length, sent().length]).toEqual([2, 2]);
  });

  it('may come from a function, which is asked again after a 401', async () => {
    const given = ['one', 'two'];
    answers = [problem(401), page];
    await client({ token: () => Promise.resolve(given.shift() ?? '') })
      .audit.list()
      .page();
    expect(sent().map(({ headers }) => headers.authorization)).toEqual(['Bearer one', 'Bearer two']);
  });

  it('is not sent after a redirect', async () => {
    const elsewhere = await startReceiver();
    answers = [(response) => response.writeHead(302, { location: elsewhere.url }).end()];
    const error = await failure(client().audit.list().page());
    expect(error).toMatchObject({ code: 'unexpected-answer', status: 302 });
    expect(elsewhere.requests).toEqual([]);
    await elsewhere.close();
  });
});

describe('errors', () => {
  const shown = (error: unknown) => inspect(error, { depth: 10, showHidden: true }) + JSON.stringify(error);

  it('say what the API said, and no secret, token or body', async () => {
    const issues = [{ pointer: '/auth/password', message: 'is required' }];
    const body = { type: '/problems/validation-failed', title: 'Not valid', status: 400, detail: 'It is not.' };
    answers = [json({ ...body, requestId: 'r-1', errors: issues }, 400), cut];
    const auth = { type: 'basic' as const, username: 'u', password: 'canary-password' };
    const create = () => client().webhooks.create({ targetUrl: 'https://a.example', events: ['*'], auth });
    const refused = await failure(create());
    expect(refused).toMatchObject({ code: 'validation-failed', status: 400, requestId: 'r-1', issues });
    expect(refused.message).toBe('HTTP 400 Not valid: It is not. [/auth/password: is required] (request r-1)');
    expect(shown(refused) + shown(await failure(create())) + shown(client())).not.toContain('canary');
  });

  it('of a token that can not be a header do not repeat it', async () => {
    const error: unknown = await client({ token: 'canary\n' })
      .audit.list()
      .page()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect(shown(error)).not.toContain('canary\\n');
  });

  it.each(['<html>', ''])('of something that is not this API say so: %j', async (text) => {
    answers = [problem(503), (response) => response.end(text)];
    const expected = { code: 'unexpected-answer', status: 200, attempts: 2 };
    await expect(failure(client().audit.list().page())).resolves.toMatchObject(expected);
  });

  test.each([
    { url: 'everhook.example' },
    { url: 'https://u:canary@a.example' },
    { url: 'ftp://a.example' },
    { url: 'https://a.example?' },
  ])('options that can not work are refused: %j', ({ url }) => {
    expect(() => createClient({ url, token: 't' })).toThrow(TypeError);
    expect(() => createClient({ url, token: 't' })).not.toThrow(/canary/);
  });

  it('ids and numbers that can not be meant are not sent', async () => {
    await expect(client().webhooks.delete('..')).rejects.toThrow(TypeError);
    const publish = (n: bigint) => client().events.publish({ type: 't', payload: { n } });
    await expect(publish(2n ** 53n + 1n)).rejects.toThrow(TypeError);
    answers = [json({}, 202)];
    await publish(2n ** 53n);
    expect(sent().map(({ body }) => body.toString())).toEqual([expect.stringContaining('{"n":9007199254740992}')]);
  });
});

describe('lists', () => {
  it('go on where they were when the token ends in the middle', async () => {
    answers = [
      json({ data: [{ id: 1 }], nextCursor: 'c' }),
      problem(401),
      json({ data: [{ id: 2 }], nextCursor: null }),
    ];
    const seen: unknown[] = [];
    for await (const { id } of client().deliveries.list()) seen.push(id);
    expect([seen, tokens.length]).toEqual([[1, 2], 2]);
  });

  it('are read as far as they are asked for', async () => {
    answers = [
      (response, { path }) => {
        const cursor = Number(new URL(path, 'http://a').searchParams.get('cursor') ?? 0);
        json({ data: [{ id: cursor }], nextCursor: cursor < 3 ? String(cursor + 1) : null })(response, {
          path,
        } as never);
      },
    ];
    const seen: unknown[] = [];
    for await (const { id } of client().deliveries.list({ status: 'failed', limit: 1 })) {
      seen.push(id);
      if (seen.length === 2) break;
    }
    expect(seen).toEqual([0, 1]);
    expect(sent().map(({ path }) => path)).toEqual([
      '/base/api/v1/deliveries?status=failed&limit=1',
      '/base/api/v1/deliveries?status=failed&limit=1&cursor=1',
    ]);
  });
});
