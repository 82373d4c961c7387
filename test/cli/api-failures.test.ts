import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closedPort } from '../support/receivers';
import { everhook } from './everhook';

// Every command is a process of its own, and both cores may be busy.
jest.setTimeout(120_000);

interface Answer {
  status: number;
  body: string;
  headers?: Record<string, string>;
}
let answer: Answer;
let seen: IncomingMessage[];
let server: Server;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(request);
    const isToken = request.url === '/base/oauth2/token';
    const { status, headers = {}, body } = isToken ? { status: 200, body: '{"access_token":"t0ken"}' } : answer;
    response.writeHead(status, headers).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const EVERHOOK_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base/`;
  env = { EVERHOOK_URL, EVERHOOK_CLIENT_ID: 'a:b', EVERHOOK_CLIENT_SECRET: 'c d' };
});
beforeEach(() => (seen = []));
afterAll(async () => {
  server.close();
  await once(server, 'close');
});

const problem = (status: number) => JSON.stringify({ title: 'Title', status, detail: 'Detail.', requestId: 'r-1' });

test.each<[Answer, number, string]>([
  [{ status: 403, body: problem(403) }, 1, 'HTTP 403 Title: Detail. (request r-1)'],
  [{ status: 429, body: problem(429) }, 3, 'HTTP 429 Title: Detail. (request r-1)'],
  [{ status: 503, body: problem(503) }, 3, 'HTTP 503 Title: Detail. (request r-1)'],
  [
    { status: 429, body: problem(429), headers: { 'retry-after': '90' } },
    3,
    'HTTP 429 Title: Detail. (request r-1); try again in 90 s',
  ],
  [{ status: 500, body: problem(500) }, 1, 'HTTP 500 Title: Detail. (request r-1)'],
  [{ status: 502, body: '<html>' }, 3, 'URL answered HTTP 502'],
  [{ status: 200, body: '<html>' }, 1, 'URL answered something else than JSON'],
  [{ status: 302, body: '', headers: { location: 'http://elsewhere.invalid/' } }, 1, 'URL answered HTTP 302'],
  [{ status: 400, body: '{"title":"a\\u001b[2Jb"}' }, 1, 'HTTP 400 a\\u{1b}[2Jb'],
  [
    {
      status: 400,
      body: '{"code":"BadRequest","message":"Invalid","details":[{"value":"x","msg":"no","param":"url","location":"body"}]}',
    },
    1,
    'HTTP 400 Invalid [url: no]',
  ],
  [
    { status: 200, body: '{"data":[{"id":1}]}' },
    1,
    "the API's answer is not what this version expects: data.0.id Invalid input: expected string, received number",
  ],
])('an answer of %j exits with %i and says so on one line', async (given, exitCode, line) => {
  answer = given;
  const ended = await everhook(['webhook', 'list'], { env });
  const url = String(env.EVERHOOK_URL).replace(/\/$/, '');
  expect(ended).toEqual({ exitCode, stdout: '', stderr: `everhook: ${line.replace('URL', url)}\n` });
});

test('the token is asked for with the client id and secret, form-encoded inside of HTTP Basic', async () => {
  answer = { status: 200, body: '{"data":[],"nextCursor":null}' };
  const ended = await everhook(['webhook', 'list', '--limit', '5', '--json'], { env });
  expect(ended).toEqual({ exitCode: 0, stdout: '{"data":[],"nextCursor":null}\n', stderr: '' });
  const [token, list] = seen;
  expect(token?.headers.authorization).toBe(`Basic ${Buffer.from('a%3Ab:c%20d').toString('base64')}`);
  expect(list?.url).toBe('/base/api/v1/webhooks?limit=5');
  expect(list?.headers.authorization).toBe('Bearer t0ken');
});

test('a list that goes on says how', async () => {
  answer = { status: 200, body: '{"data":[],"nextCursor":"abc"}' };
  const { stdout } = await everhook(['delivery', 'list'], { env });
  expect(stdout).toMatch(/^DELIVERY .*\nMore: --cursor abc\n$/);
});

test('an API that is not there exits with 3', async () => {
  const url = `http://127.0.0.1:${await closedPort()}`;
  const ended = await everhook(['webhook', 'list'], { env: { ...env, EVERHOOK_URL: url } });
  expect(ended).toEqual({ exitCode: 3, stdout: '', stderr: `everhook: ${url} does not answer: ECONNREFUSED\n` });
});
