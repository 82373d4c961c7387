import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  ConfigurationError,
  parseDuration,
  readConfig,
  retentionPeriods,
  readDatabaseConfig,
  readKeyringConfig,
} from '../../src/platform/config';
import { weaknessOf } from '../../src/platform/key-strength';

/** As random as a test may be: the same at every run. */
const strong = (name: string) => createHash('sha256').update(name).digest();
const strongKey = (name: string) => strong(name).toString('base64');
const key = (bytes: number) => Buffer.alloc(bytes, 7).toString('base64');
const required = {
  DATABASE_URL: 'postgres://user:hidden-password@localhost/everhook',
  ENCRYPTION_KEYS: `k1:${key(32)}`,
  TOKEN_SIGNING_KEY: key(32),
};

function refusalOf(env: NodeJS.ProcessEnv, read: (env: NodeJS.ProcessEnv) => unknown = readConfig): string {
  try {
    read(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message;
  }
  throw new Error('it was taken');
}

it('how long things are kept: ids of events for 90 days or as long as their events, the audit log like them', () => {
  const dayMs = 86_400_000;
  const periods = (settings: Record<string, string>) => retentionPeriods(readConfig({ ...required, ...settings }));
  const byDefault = { retentionMs: 30 * dayMs, auditMs: 30 * dayMs, dedupeMs: 90 * dayMs, payloadMs: null };
  expect(periods({})).toEqual(byDefault);
  expect(periods({ RETENTION: '365d' })).toMatchObject({ auditMs: 365 * dayMs, dedupeMs: 365 * dayMs });
  expect(periods({ AUDIT_RETENTION: '720h', PAYLOAD_RETENTION: '7d', DEDUPE_RETENTION: '30d' })).toEqual({
    ...byDefault,
    dedupeMs: 30 * dayMs,
    payloadMs: 7 * dayMs,
  });
  expect(() => periods({ PAYLOAD_RETENTION: '31d' })).toThrow(/^PAYLOAD_RETENTION is longer than RETENTION/);
  expect(() => periods({ DEDUPE_RETENTION: '29d' })).toThrow(/^DEDUPE_RETENTION is shorter than RETENTION/);
});

describe('the configuration', () => {
  it('has a default for all but three settings', () => {
    const { ENCRYPTION_KEYS, TOKEN_SIGNING_KEY, ...rest } = readConfig(required);
    expect(rest).toEqual({
      PORT: 3000,
      METRICS_PORT: 9464,
      HOST: '0.0.0.0',
      LOG_LEVEL: 'info',
      DATABASE_URL: required.DATABASE_URL,
      DATABASE_POOL_SIZE: 10,
      TEMPORAL_ADDRESS: 'localhost:7233',
      TEMPORAL_NAMESPACE: 'default',
      TEMPORAL_TASK_QUEUE: 'everhook',
      RETRY_BASE: 2_000,
      SWEEP_INTERVAL: 10_000,
      CONSENT_DECISION_TIMEOUT: 3_600_000,
      CONSENT_CONSUMPTION_TIMEOUT: 4_200_000,
      CREDENTIALS_DEADLINE: 25_000,
      CREDENTIALS_SWEEP_INTERVAL: 900_000,
      RETENTION: 30 * 86_400_000,
      RETENTION_INTERVAL: 43_200_000,
      MAX_WEBHOOKS_PER_TENANT: 1_000,
      MAX_CONNECTIONS: 5_000,
      TYK_EVENT_SPELLING: 'Organization',
      PAYLOAD_ENCRYPTION: 'on',
      EGRESS_ALLOW: [],
      EGRESS_ALLOW_IN_PRODUCTION: false,
      EGRESS_DNS_SERVERS: [],
      RATE_LIMIT_EVENTS: { points: 10_000, perSeconds: 1 },
      RATE_LIMIT_WRITES: { points: 100, perSeconds: 1 },
      RATE_LIMIT_AUTH_FAILURES: { points: 20, perSeconds: 60 },
      RATE_LIMIT_AWS: { points: 4, perSeconds: 1 },
      WORKER_MAX_DELIVERIES: 100,
      DISABLE_FAILING_AFTER: 5 * 24 * 60 * 60_000,
      CONSOLE: 'on',
      BURSTS: 'on',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_SDK_DISABLED: false,
    });
    expect(ENCRYPTION_KEYS.map(({ kid }) => kid)).toEqual(['k1']);
    expect(TOKEN_SIGNING_KEY).toHaveLength(1);
  });

  it('takes what is said instead', () => {
    const config = readConfig({
      ...required,
      PORT: '0',
      LOG_LEVEL: 'debug',
      DATABASE_URL: 'postgresql://localhost/x',
      TEMPORAL_UI_URL: 'http://localhost:8233',
      RETRY_BASE: '250ms',
      SWEEP_INTERVAL: '1m',
      CONSENT_DECISION_TIMEOUT: '3s',
      CONSENT_CONSUMPTION_TIMEOUT: '24h',
      EGRESS_ALLOW: 'http://localhost:9010, https://receiver.test:8443',
      EGRESS_DNS_SERVERS: '127.0.0.1:5353, 1.1.1.1,[::1]:53',
      RATE_LIMIT_EVENTS: '5/h',
      NODE_ENV: 'development',
      ENCRYPTION_KEYS: `new:${key(32)},old:${key(32)}`,
      TOKEN_SIGNING_KEY: `${key(32)},${key(64)}`,
      SOMETHING_ELSE: 'x',
    });
    expect(config).toMatchObject({
      PORT: 0,
      LOG_LEVEL: 'debug',
      TEMPORAL_UI_URL: 'http://localhost:8233',
      RETRY_BASE: 250,
      SWEEP_INTERVAL: 60_000,
      CONSENT_DECISION_TIMEOUT: 3_000,
      CONSENT_CONSUMPTION_TIMEOUT: 86_400_000,
      EGRESS_ALLOW: [{ origin: 'http://localhost:9010' }, { origin: 'https://receiver.test:8443' }],
      EGRESS_DNS_SERVERS: ['127.0.0.1:5353', '1.1.1.1', '[::1]:53'],
      RATE_LIMIT_EVENTS: { points: 5, perSeconds: 3_600 },
    });
    expect(config).not.toHaveProperty('SOMETHING_ELSE');
    expect(config.ENCRYPTION_KEYS.map(({ kid }) => kid)).toEqual(['new', 'old']);
  });

  it('takes an empty value for none', () => {
    expect(readConfig({ ...required, PORT: '', EGRESS_ALLOW: '', TEMPORAL_UI_URL: '' })).toMatchObject({
      PORT: 3000,
      EGRESS_ALLOW: [],
    });
    expect(refusalOf({ ...required, DATABASE_URL: '' })).toMatch(/^DATABASE_URL is not set/);
  });
});

describe('a setting that is missing', () => {
  it.each([
    ['DATABASE_URL', 'a postgres:// URL'],
    ['ENCRYPTION_KEYS', 'kid:base64-of-32-bytes'],
    ['TOKEN_SIGNING_KEY', 'base64 of at least 32 random bytes'],
  ])('is named with what it takes: %s', (name, takes) => {
    const message = refusalOf({ ...required, [name]: undefined });
    expect(message).toMatch(new RegExp(`^${name} is not set; it takes `));
    expect(message).toContain(takes);
    expect(message).not.toContain('\n');
  });

  it('stops only the commands that need it', () => {
    expect(readDatabaseConfig({ DATABASE_URL: required.DATABASE_URL })).toEqual({
      DATABASE_URL: required.DATABASE_URL,
    });
    expect(readKeyringConfig({ ...required, TOKEN_SIGNING_KEY: undefined }).ENCRYPTION_KEYS).toHaveLength(1);
    expect(refusalOf({}, readDatabaseConfig)).toMatch(/^DATABASE_URL is not set/);
    expect(refusalOf({ DATABASE_URL: required.DATABASE_URL }, readKeyringConfig)).toMatch(
      /^ENCRYPTION_KEYS is not set/,
    );
  });
});

describe('a setting that is malformed', () => {
  const secretText = key(31);

  it.each([
    ['PORT', 'x', 'a port number, 0 to 65535'],
    ['PORT', '65536', 'a port number, 0 to 65535'],
    ['PORT', '-1', 'a port number, 0 to 65535'],
    ['PORT', '80.5', 'a port number, 0 to 65535'],
    ['METRICS_PORT', '0x10', 'a port number, 0 to 65535'],
    ['PAYLOAD_ENCRYPTION', 'true', 'on or off'],
    ['CODEC_TOKEN', 'a'.repeat(31), '32 to 200 random characters of A-Z a-z 0-9 _ -'],
    ['CODEC_TOKEN', `${'a'.repeat(40)}/`, '32 to 200 random characters of A-Z a-z 0-9 _ -'],
    ['LOG_LEVEL', 'loud', 'one of trace, debug, info, warn, error, silent'],
    ['DATABASE_URL', 'mysql://localhost/x', 'a postgres:// URL'],
    ['DATABASE_URL', 'postgres://user:hidden-password@host:port/x', 'a postgres:// URL'],
    ['DATABASE_POOL_SIZE', '0', 'a whole number from 1'],
    ['DATABASE_POOL_SIZE', '1e3', 'a whole number from 1'],
    ['DATABASE_POOL_SIZE', '1000000', 'a whole number from 1 to 999999'],
    ['TEMPORAL_UI_URL', 'localhost:8233', 'an http or https URL'],
    ['TEMPORAL_UI_URL', 'javascript:alert(1)', 'an http or https URL'],
    ['ENCRYPTION_KEYS', `k1:${secretText}`, 'entry 1 must be kid:base64-of-32-bytes'],
    ['ENCRYPTION_KEYS', secretText, 'entry 1 must be kid:base64-of-32-bytes'],
    ['TOKEN_SIGNING_KEY', secretText, 'entry 1 must be base64 of at least 32 random bytes'],
    ['TOKEN_SIGNING_KEY', `${key(32)},short`, 'entry 2 must be base64 of at least 32 random bytes'],
    ['RETRY_BASE', '2', 'a duration such as 250ms, 3s, 60m or 24h'],
    ['RETRY_BASE', '0s', 'a duration such as 250ms, 3s, 60m or 24h'],
    ['RETRY_BASE', '2 s', 'a duration such as 250ms, 3s, 60m or 24h'],
    ['RETRY_BASE', '61m', 'from 1ms to 1h'],
    ['RETENTION', '23h', 'a duration such as 250ms, 3s, 60m or 24h, from 1d to 3650d'],
    ['PAYLOAD_RETENTION', '59m', 'a duration such as 250ms, 3s, 60m or 24h, from 1h'],
    ['DEDUPE_RETENTION', 'forever', 'a duration such as 250ms, 3s, 60m or 24h, from 1d'],
    ['SWEEP_INTERVAL', '999ms', 'a duration such as 250ms, 3s, 60m or 24h'],
    ['EGRESS_ALLOW', 'http://localhost:9010/path', 'is not an origin'],
    ['EGRESS_ALLOW', 'http://user:hidden-password@localhost', 'user name or password'],
    ['EGRESS_ALLOW_IN_PRODUCTION', 'yes', 'true or false'],
    ['EGRESS_DNS_SERVERS', 'dns.example', 'IP addresses of DNS servers'],
    ['EGRESS_DNS_SERVERS', '999.1.1.1', 'IP addresses of DNS servers'],
    ['EGRESS_DNS_SERVERS', '1.1.1.1:99999', 'IP addresses of DNS servers'],
    ['EGRESS_DNS_SERVERS', '1.1.1.1,,', 'IP addresses of DNS servers'],
    ['RATE_LIMIT_EVENTS', '100', 'a rate such as 100/s or 20/m'],
    ['RATE_LIMIT_WRITES', '0/s', 'a rate such as 100/s or 20/m'],
    ['RATE_LIMIT_AUTH_FAILURES', '20/d', 'a rate such as 100/s or 20/m'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'http/protobuf or http/json'],
    ['DISABLE_FAILING_AFTER', 'never', 'off, or a duration such as 5d or 12h'],
    ['DISABLE_FAILING_AFTER', '2s', 'off, or a duration such as 5d or 12h'],
    ['WORKER_MAX_DELIVERIES', 'many', 'a whole number from 1'],
  ])('%s=%s is named in one line with what it takes, and never its secret', (name, value, takes) => {
    const message = refusalOf({ ...required, [name]: value });
    expect(message).toMatch(new RegExp(`^${name} is malformed: `));
    expect(message).toContain(takes);
    expect(message).not.toMatch(/\n|hidden-password/);
    expect(message).not.toContain(secretText);
    expect(message.match(new RegExp(name, 'g'))).toHaveLength(1);
  });

  it('is a mistake when its name begins with EVERHOOK_ and is none of the command line', () => {
    expect(refusalOf({ ...required, EVERHOOK_PORT: '1' })).toMatch(/^EVERHOOK_PORT is not a setting/);
    expect(refusalOf({ DATABASE_URL: required.DATABASE_URL, EVERHOOK_X: '1' }, readDatabaseConfig)).toContain(
      'EVERHOOK_X',
    );
    const commandLine = {
      EVERHOOK_URL: 'x',
      EVERHOOK_TOKEN: 'x',
      EVERHOOK_CLIENT_ID: 'x',
      EVERHOOK_CLIENT_SECRET: 'x',
    };
    expect(() => readConfig({ ...required, ...commandLine })).not.toThrow();
  });
});

describe('in production', () => {
  const production = {
    ...required,
    ENCRYPTION_KEYS: `k1:${strongKey('encryption')}`,
    TOKEN_SIGNING_KEY: strongKey('signing'),
    NODE_ENV: 'production',
  };

  it('a start needs nothing more', () => {
    expect(() => readConfig(production)).not.toThrow();
  });

  it.each([
    ['EGRESS_ALLOW', 'http://localhost:9010', /EGRESS_ALLOW_IN_PRODUCTION=true/],
    ['CODEC_TOKEN', 'codec-'.repeat(6), /repeats few characters.*openssl rand -hex 32/],
    ['NODE_TLS_REJECT_UNAUTHORIZED', '0', /TLS verification/],
    ['HTTP_PROXY', 'http://proxy:3128', /proxy/],
    ['HTTPS_PROXY', 'http://proxy:3128', /proxy/],
    ['ALL_PROXY', 'socks5://proxy', /proxy/],
    ['http_proxy', 'http://proxy:3128', /proxy/],
    ['https_proxy', 'http://proxy:3128', /proxy/],
    ['all_proxy', 'http://proxy:3128', /proxy/],
    ['NODE_USE_ENV_PROXY', '1', /proxy/],
  ])('it is refused with %s=%s, which is fine elsewhere', (name, value, reason) => {
    const message = refusalOf({ ...production, [name]: value });
    expect(message).toContain(name);
    expect(message).toMatch(reason);
    expect(() => readConfig({ ...required, [name]: value })).not.toThrow();
  });

  it('private receivers are allowed by saying so twice', () => {
    const env = { ...production, EGRESS_ALLOW: 'http://localhost:9010', EGRESS_ALLOW_IN_PRODUCTION: 'true' };
    expect(readConfig(env).EGRESS_ALLOW).toHaveLength(1);
  });

  const weak: [string, Buffer, RegExp][] = [
    ['zeros', Buffer.alloc(32), /is one byte again and again/],
    ['one byte', Buffer.alloc(32, 7), /is one byte again and again/],
    ['a count', Buffer.from(Array.from({ length: 32 }, (_, index) => index)), /counts/],
    ['a count backwards', Buffer.from(Array.from({ length: 32 }, (_, index) => 255 - 3 * index)), /counts/],
    [
      'half a key, twice',
      Buffer.concat([strong('x').subarray(0, 16), strong('x').subarray(0, 16)]),
      /repeats few bytes/,
    ],
    ['hexadecimal digits', Buffer.from(strong('x').toString('hex').slice(0, 32)), /repeats few bytes/],
    ['words', Buffer.from('change-me-before-you-go-live!!!!'), /is text/],
  ];

  it.each(weak)('a key that somebody typed is refused, which is fine elsewhere: %s', (_what, bytes, reason) => {
    const typed = bytes.toString('base64');
    const encryption = { ENCRYPTION_KEYS: `k1:${typed},k0:${strongKey('old')}` };
    const signing = { TOKEN_SIGNING_KEY: `${strongKey('first')},${typed}` };
    for (const [env, name, entry] of [
      [encryption, 'ENCRYPTION_KEYS', 'the first key'],
      [signing, 'TOKEN_SIGNING_KEY', 'entry 2'],
    ] as const) {
      const message = refusalOf({ ...production, ...env });
      expect(message).toMatch(reason);
      expect(message).toMatch(new RegExp(`^${name}: ${entry} `));
      expect(message).toContain('openssl rand -base64 32');
      expect(message).not.toContain(typed);
      expect(message).not.toContain('\n');
      expect(() => readConfig({ ...required, ...env })).not.toThrow();
    }
    expect(refusalOf({ ...production, ...encryption }, readKeyringConfig)).toMatch(reason);
  });

  it('a weak key of old ciphertexts may stay behind a new one, until they are encrypted anew', () => {
    const keys = `k2:${strongKey('new')},k1:${key(32)}`;
    expect(readConfig({ ...production, ENCRYPTION_KEYS: keys }).ENCRYPTION_KEYS).toHaveLength(2);
  });

  it('one key for both purposes is refused', () => {
    const message = refusalOf({ ...production, TOKEN_SIGNING_KEY: strongKey('encryption') });
    expect(message).toMatch(/^TOKEN_SIGNING_KEY: entry 1 is one of ENCRYPTION_KEYS too/);
  });

  it('random keys are never taken for typed ones', () => {
    for (let run = 0; run < 200; run += 1) {
      expect(() => readConfig({ ...production, CODEC_TOKEN: randomBytes(16).toString('hex') })).not.toThrow();
    }
    for (let run = 0; run < 5_000; run += 1) {
      for (const bytes of [32, 48, 64]) expect(weaknessOf(randomBytes(bytes))).toBeNull();
    }
  });

  it.each(['README.md', 'docker-compose.yml', 'Dockerfile', 'deploy/new-env.sh', 'docs/operations.md'])(
    '%s has no key that somebody could keep',
    (file) => {
      const text = readFileSync(path.join(__dirname, '..', '..', file), 'utf8');
      const keys = [...text.matchAll(/(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{43}=/g)].map(([found]) => found);
      expect(keys.filter((found) => weaknessOf(Buffer.from(found, 'base64')) === null)).toEqual([]);
    },
  );

  it.each([
    ['ENCRYPTION_KEYS', `k:${key(16)}`],
    ['ENCRYPTION_KEYS', `k:${key(33)}`],
    ['TOKEN_SIGNING_KEY', key(31)],
  ])('and anywhere else a %s shorter or longer than asked is refused', (name, value) => {
    for (const env of [production, required]) {
      expect(refusalOf({ ...env, [name]: value })).toMatch(new RegExp(`^${name} is malformed: entry 1`));
    }
  });
});

describe('a duration', () => {
  it.each([
    ['0ms', 0],
    ['250ms', 250],
    ['3s', 3_000],
    ['60m', 3_600_000],
    ['24h', 86_400_000],
    ['30d', 2_592_000_000],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(['', '3', 's', '3 s', '3S', '-3s', '1.5s', '3s3s', '3w', '9999999999s', '3s\n'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeNull();
  });
});
