import { everhook } from './everhook';

// Every command is a process of its own, and both cores may be busy.
jest.setTimeout(120_000);

const anywhere = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };
const someId = '01234567-89ab-7def-8123-456789abcdef';
const configure = ['sensedia', 'configure', '--tenant', someId, '--username', 'portal', '--password-stdin'].concat([
  ...['--credential-type', 'API_KEY'],
]);

test.each([
  [[], /^Usage: everhook/],
  [['nothing'], /^everhook: unknown command 'nothing'/],
  [['tenant', 'create'], /^everhook: required option '--name <name>' not specified$/],
  [['tenant', 'create', '--name', ' '], /^everhook: option '--name <name>' .*1 to 200 printable characters/],
  [['tenant', 'create', '--name', 'Acme', '--colour', 'red'], /^everhook: unknown option '--colour'/],
  [['client', 'create', '--tenant', 'acme', '--name', 'x'], /^everhook: .*takes a UUID/],
  [['client', 'create', '--tenant', someId, '--name', 'x', '--scopes', 'all'], /^everhook: .*no scope all; there are/],
  [['client', 'revoke', '--tenant', someId], /^everhook: missing required argument 'client'/],
  [['delivery', 'list', '--status', 'lost'], /^everhook: .*pending, delivered, failed, cancelled/],
  [['delivery', 'list', '--after', 'yesterday'], /^everhook: .*takes a timestamp/],
  [['webhook', 'list', '--limit', '251'], /^everhook: .*whole number from 1 to 250/],
  [['webhook', 'create', '--url', 'https://a.example', '--events', ','], /^everhook: .*comma-separated list/],
  [['webhook', 'update', someId], /^everhook: nothing to change/],
  [['webhook', 'update', someId, '--enabled', '--disabled'], /^everhook: .*cannot be used with option '--disabled'/],
  [['webhook', 'create', '--url', 'u', '--events', 'e', '--timeout', '3'], /^everhook: .*takes a duration/],
  [['webhook', 'create', '--url', 'u', '--events', 'e', '--oauth-client-id', 'i'], /^everhook: .*belong together/],
  [['event', 'publish', '--type', 't', '--payload', '{'], /^everhook: --payload is not JSON/],
  [['event', 'publish', '--type', 't', '--payload', '[]'], /^everhook: --payload takes a JSON object/],
  [['event', 'publish', '--type', 't', '--payload', '@/nowhere'], /^everhook: --payload can't be read: ENOENT/],
  [
    ['consent', 'create', '--permissions', 'ACCOUNTS_READ'],
    /^everhook: required option '--type <type>' not specified$/,
  ],
  [['consent', 'create', '--type', 'data', '--permissions', 'ACCOUNTS_READ'], /^everhook: .*DATA, PAYMENT/],
  [['consent', 'approve', 'urn:other:1'], /^everhook: .*takes a consent id such as urn:everhook:<UUID>/],
  [['consent', 'list', '--status', 'LOST'], /^everhook: .*AWAITING_AUTHORISATION, AUTHORISED/],
  [['credential', 'show', 'mine'], /^everhook: .*takes a UUID/],
  [['credential', 'repair', someId], /^everhook: required option '--tenant <id>' not specified$/],
  [['sensedia', 'configure', '--tenant', someId, '--username', 'p'], /^everhook: required option '--password-stdin'/],
  [[...configure, '--password', 'secret'], /^everhook: unknown option '--password'/],
  [[...configure, 'secret'], /^everhook: too many arguments/],
  [[...configure, '--username', 'a:b'], /^everhook: .*printable characters without a colon/],
  [[...configure, '--credential-type', 'CLIENT_CREDENTIALS'], /^everhook: .*needs --user-pool-id$/],
  [[...configure, '--user-pool-id', 'pool'], /^everhook: .*takes an id such as eu-central-1_a1B2c3D4e/],
  [[...configure, '--scope', 'orders/read'], /^everhook: .*takes <api id>=<resource server>\/<scope>/],
  [[...configure, '--token-url', 'http://a.example'], /^everhook: .*takes an https URL/],
  [['demo', '--json'], /^everhook: --json needs --once/],
])('wrong arguments exit with 2 and say what is wrong: %j', async (args, message) => {
  const env = { ...anywhere, EVERHOOK_TOKEN: 'x', EVERHOOK_URL: 'http://127.0.0.1:1' };
  const ended = await everhook(args, { env });
  expect(ended).toMatchObject({ exitCode: 2, stdout: '' });
  expect(ended.stderr).toMatch(new RegExp(message, 'm'));
  if (args.length > 0) expect(ended.stderr.trimEnd().split('\n')).toHaveLength(1);
});

test.each([
  ['migrate', {}, 'DATABASE_URL is not set; it takes a postgres:// URL'],
  ['migrate', { DATABASE_URL: 'mysql://x' }, 'DATABASE_URL is malformed: a postgres:// URL'],
  ['tenant create --name x', {}, 'DATABASE_URL is not set; it takes a postgres:// URL'],
  [
    'signing-key rotate',
    anywhere,
    'ENCRYPTION_KEYS is not set; it takes kid:base64-of-32-bytes or kid:kms:ARN-of-a-KMS-key, comma-separated, the first is current',
  ],
  [
    'tenant create --name x',
    { ...anywhere, EVERHOOK_TOKN: 'x' },
    'EVERHOOK_TOKN is not a setting of Everhook; see the table in README.md',
  ],
  [
    'start',
    { ...anywhere, ENCRYPTION_KEYS: 'secret-looking' },
    'ENCRYPTION_KEYS is malformed: entry 1 must be kid:base64-of-32-bytes or kid:kms:ARN-of-a-KMS-key, the kid 1 to 32 of A-Z a-z 0-9 _ -',
  ],
  [
    'webhook list',
    {},
    'EVERHOOK_TOKEN is not set; the API takes EVERHOOK_TOKEN, or EVERHOOK_CLIENT_ID and EVERHOOK_CLIENT_SECRET',
  ],
  [
    'webhook list',
    { EVERHOOK_CLIENT_ID: 'x' },
    'EVERHOOK_CLIENT_SECRET is not set; the API takes EVERHOOK_TOKEN, or EVERHOOK_CLIENT_ID and EVERHOOK_CLIENT_SECRET',
  ],
  [
    'webhook list',
    { EVERHOOK_TOKEN: 'x', EVERHOOK_URL: 'localhost:3000' },
    'EVERHOOK_URL is malformed: an http or https URL',
  ],
])('wrong settings exit with 2 and one line that names the setting: %s', async (command, env, line) => {
  const ended = await everhook(command.split(' '), { env });
  expect(ended).toEqual({ exitCode: 2, stdout: '', stderr: `everhook: ${line}\n` });
});

test.each(['--help', 'help', 'tenant create --help', 'event publish --help', 'help delivery list', '--version'])(
  '%s is printed on standard output and exits with 0',
  async (command) => {
    const ended = await everhook(command.split(' '));
    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ended.stdout).toMatch(command === '--version' ? /^\d+\.\d+\.\d+\n$/ : /^Usage: everhook/);
  },
);

test('help of a command shows the options that all commands take, and an example', async () => {
  const { stdout } = await everhook(['event', 'publish', '--help']);
  expect(stdout).toContain('--json');
  expect(stdout).toContain('Examples:');
});

test('a database that does not answer exits with 3, without a stack', async () => {
  const ended = await everhook(['tenant', 'create', '--name', 'Acme'], { env: anywhere });
  expect(ended.exitCode).toBe(3);
  expect(ended.stderr).toMatch(/^everhook: the database of DATABASE_URL is unavailable: .*ECONNREFUSED.*\n$/);
});

test('LOG_LEVEL=debug adds the stack', async () => {
  const ended = await everhook(['migrate'], { env: { LOG_LEVEL: 'debug' } });
  expect(ended.stderr).toMatch(/^everhook: DATABASE_URL is not set.*\nConfigurationError: /);
});
