import { Resolver } from 'node:dns';
import { z } from 'zod';
import { tykSpellings } from '../domain/event-types/tyk';
import type { RetentionPeriods } from '../domain/retention-run';
import { parseAllowedOrigins, type AllowedOrigin } from '../domain/url-policy';
import { Secret } from '../domain/secret';
import { count, disableFailingAfter, duration, flag, otlpProtocol, parsed, port, rate, webUrl } from './config-values';
import { weaknessOf } from './key-strength';
import { parseEncryptionKeys, type EncryptionKey } from './keyring';
import { errorForLog } from './logging';
import { loadTemporalProfile, type TemporalConnection, type TemporalProfile } from './temporal-profile';
import { parseTokenSigningKeys } from './tokens';

export { parseDuration, type RateLimit } from './config-values';

/** A setting is missing, malformed or unknown; the message is one line that names it and says what it takes. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

const addressErrors: Record<string, string> = {
  EADDRINUSE: 'somebody else listens there',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOTFOUND: 'there is no such host',
  EACCES: 'that port is not ours to take',
};

/**
 * Why a server can't listen, in terms of its settings.
 * @param settings the variables that say where, the port first
 */
export function cannotListen(error: NodeJS.ErrnoException, settings: Record<string, string | number>): Error {
  const reason = addressErrors[error.code ?? ''];
  if (reason === undefined) return error;
  const where = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  return new ConfigurationError(`${where.join(' ')} can't be listened on: ${reason}`);
}

const dayMs = 24 * 3_600_000;

const schema = z.object({
  PORT: port.default(3000),
  METRICS_PORT: port.default(9464),
  HOST: z.string().min(1, 'an address to listen on').default('0.0.0.0'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'one of trace, debug, info, warn, error, silent')
    .default('info'),
  DATABASE_URL: z
    .string()
    .refine((text) => /^postgres(ql)?:\/\//.test(text) && URL.canParse(text), 'a postgres:// URL'),
  DATABASE_POOL_SIZE: count.default(10),
  TEMPORAL_ADDRESS: z.string().min(1, 'host:port of the Temporal frontend').default('localhost:7233'),
  TEMPORAL_NAMESPACE: z.string().min(1, 'the name of a Temporal namespace').default('default'),
  TEMPORAL_TASK_QUEUE: z.string().min(1, 'the name of a Temporal task queue').default('everhook'),
  TEMPORAL_DEPLOYMENT_NAME: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_\/-]{0,99}$/, 'the name of a worker deployment: 1 to 100 of A-Z a-z 0-9 _ - /')
    .optional(),
  TEMPORAL_WORKER_BUILD_ID: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'what names a build: 1 to 100 of A-Z a-z 0-9 . _ -')
    .optional(),
  TEMPORAL_UI_URL: webUrl.optional(),
  ENCRYPTION_KEYS: parsed<EncryptionKey[]>(parseEncryptionKeys),
  PAYLOAD_ENCRYPTION: z.enum(['on', 'off'], 'on or off').default('on'),
  CODEC_TOKEN: parsed(parseCodecToken).optional(),
  TOKEN_SIGNING_KEY: parsed<Secret[]>(parseTokenSigningKeys),
  // The tenth wait is 512 times the first and is stored in 32 bits.
  RETRY_BASE: duration('1ms', '1h').default(2_000),
  SWEEP_INTERVAL: duration('1s', '24h').default(10_000),
  // Stored with each consent in 32 bits.
  CONSENT_DECISION_TIMEOUT: duration('100ms', '576h').default(60 * 60_000),
  CONSENT_CONSUMPTION_TIMEOUT: duration('100ms', '576h').default(70 * 60_000),
  CREDENTIALS_DEADLINE: duration('1s', '10m').default(25_000),
  CREDENTIALS_SWEEP_INTERVAL: duration('1s', '24h').default(15 * 60_000),
  AWS_ENDPOINT_URL: webUrl.optional(),
  AWS_REGION: z
    .string()
    .regex(/^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/, 'the name of a region, such as eu-central-1')
    .optional(),
  EGRESS_ALLOW: parsed<AllowedOrigin[]>(parseAllowedOrigins).default([]),
  EGRESS_ALLOW_IN_PRODUCTION: flag.default(false),
  EGRESS_DNS_SERVERS: parsed(parseServers).default([]),
  RATE_LIMIT_EVENTS: rate.default({ points: 10_000, perSeconds: 1 }),
  RATE_LIMIT_WRITES: rate.default({ points: 100, perSeconds: 1 }),
  RATE_LIMIT_AUTH_FAILURES: rate.default({ points: 20, perSeconds: 60 }),
  // Of calls on AWS: its control plane takes 10/s of an account, consoles and deployments included.
  RATE_LIMIT_AWS: rate.default({ points: 4, perSeconds: 1 }),
  // Partitions span whole days.
  RETENTION: duration('1d', '3650d').default(30 * dayMs),
  PAYLOAD_RETENTION: duration('1h', '3650d').optional(),
  AUDIT_RETENTION: duration('1d', '3650d').optional(),
  DEDUPE_RETENTION: duration('1d', '3650d').optional(),
  RETENTION_INTERVAL: duration('1m', '24h').default(12 * 3_600_000),
  MAX_WEBHOOKS_PER_TENANT: count.default(1_000),
  MAX_CONNECTIONS: count.default(5_000),
  TYK_EVENT_SPELLING: z.enum(tykSpellings, tykSpellings.join(' or ')).default('Organization'),
  WORKER_MAX_DELIVERIES: count.default(100),
  WORKER_MAX_PER_WEBHOOK: count.optional(),
  DISABLE_FAILING_AFTER: disableFailingAfter.default(5 * 24 * 3_600_000),
  CONSOLE: z.enum(['on', 'off'], 'on or off').default('on'),
  BURSTS: z.enum(['on', 'off'], 'on or off').default('on'),
  // Of OpenTelemetry, which reads the others itself; these decide whether and how it is loaded.
  OTEL_EXPORTER_OTLP_ENDPOINT: webUrl.optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: webUrl.optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: otlpProtocol.default('http/protobuf'),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: otlpProtocol.optional(),
  OTEL_TRACES_EXPORTER: z.enum(['otlp', 'none'], 'otlp or none').optional(),
  OTEL_SDK_DISABLED: flag.default(false),
  NODE_ENV: z.string().optional(),
});

/** Every setting of API and worker, parsed. Durations are in milliseconds. README has the table. */
export type Config = z.infer<typeof schema>;

/** Settings of the command line; other names that begin with EVERHOOK_ are mistakes. */
const commandLineNames = new Set(
  ['URL', 'TOKEN', 'CLIENT_ID', 'CLIENT_SECRET', 'WEBHOOK_SECRET'].map((name) => `EVERHOOK_${name}`),
);

const proxyNames = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'NODE_USE_ENV_PROXY',
];

/**
 * Reads the configuration from environment variables; an empty value counts as absent.
 * @throws {@link ConfigurationError}
 */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const { address, namespace } = temporalProfile(env);
  const config = readWith(schema, { ...env, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace });
  retentionPeriods(config);
  workerVersion(config);
  if (config.NODE_ENV === 'production') refuseUnsafe(config, env);
  return config;
}

/** Which version workers say they are; null: none. @throws {@link ConfigurationError} when one of the two is missing */
export function workerVersion(
  config: Pick<Config, 'TEMPORAL_DEPLOYMENT_NAME' | 'TEMPORAL_WORKER_BUILD_ID'>,
): { deploymentName: string; buildId: string } | null {
  const { TEMPORAL_DEPLOYMENT_NAME: deploymentName, TEMPORAL_WORKER_BUILD_ID: buildId } = config;
  if (deploymentName !== undefined && buildId !== undefined) return { deploymentName, buildId };
  if (deploymentName === undefined && buildId === undefined) return null;
  throw new ConfigurationError('TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID belong together');
}

/** What commands on Temporal alone need. @throws {@link ConfigurationError} */
export function readTemporalConfig(
  env: NodeJS.ProcessEnv,
): Pick<Config, 'TEMPORAL_ADDRESS' | 'TEMPORAL_NAMESPACE' | 'TEMPORAL_DEPLOYMENT_NAME'> {
  const { address, namespace } = temporalProfile(env);
  const settings = schema.pick({ TEMPORAL_ADDRESS: true, TEMPORAL_NAMESPACE: true, TEMPORAL_DEPLOYMENT_NAME: true });
  return readWith(settings, { ...env, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace });
}

/** TLS, API key and headers for Temporal, from the SDK's own variables and profiles. @throws {@link ConfigurationError} */
export function readTemporalConnection(env: NodeJS.ProcessEnv): TemporalConnection {
  return temporalProfile(env).connection;
}

/** What the operator's commands on the database need. @throws {@link ConfigurationError} */
export function readDatabaseConfig(env: NodeJS.ProcessEnv): Pick<Config, 'DATABASE_URL'> {
  return readWith(schema.pick({ DATABASE_URL: true }), env);
}

/** What commands on stored secrets need. @throws {@link ConfigurationError} */
export function readKeyringConfig(
  env: NodeJS.ProcessEnv,
): Pick<Config, 'DATABASE_URL' | 'ENCRYPTION_KEYS' | 'AWS_ENDPOINT_URL'> {
  const config = readWith(schema.pick({ DATABASE_URL: true, ENCRYPTION_KEYS: true, AWS_ENDPOINT_URL: true }), env);
  if (env.NODE_ENV === 'production') refuseWeakEncryptionKey(config);
  return config;
}

/** What replays need: keys only where payloads are encrypted. @throws {@link ConfigurationError} */
export function readReplayConfig(env: NodeJS.ProcessEnv) {
  const { namespace } = temporalProfile(env);
  const settings = schema.pick({ ENCRYPTION_KEYS: true, TEMPORAL_NAMESPACE: true, AWS_ENDPOINT_URL: true });
  return readWith(settings.partial({ ENCRYPTION_KEYS: true }), { ...env, TEMPORAL_NAMESPACE: namespace });
}

function temporalProfile(env: NodeJS.ProcessEnv): TemporalProfile {
  try {
    return loadTemporalProfile(env);
  } catch (error) {
    // Further lines of it may show the file, which may hold an API key.
    const [reason = ''] = errorForLog(error).message.split('\n');
    throw new ConfigurationError(`the Temporal profile can't be used: ${reason}`);
  }
}

/** What the command that removes what is old needs. @throws {@link ConfigurationError} */
export function readRetentionConfig(env: NodeJS.ProcessEnv): Pick<Config, 'DATABASE_URL' | RetentionSetting> {
  const settings = { DATABASE_URL: true, ...retentionSettings } as const;
  const config = readWith(schema.pick(settings), env);
  retentionPeriods(config);
  return config;
}

const retentionSettings = {
  RETENTION: true,
  PAYLOAD_RETENTION: true,
  AUDIT_RETENTION: true,
  DEDUPE_RETENTION: true,
} as const;
type RetentionSetting = keyof typeof retentionSettings;

/** How long what is kept. @throws {@link ConfigurationError} when the settings contradict each other */
export function retentionPeriods(config: Pick<Config, RetentionSetting>): RetentionPeriods {
  const { RETENTION: retentionMs, PAYLOAD_RETENTION: payloadMs = null } = config;
  const dedupeMs = config.DEDUPE_RETENTION ?? Math.max(retentionMs, 90 * dayMs);
  if (payloadMs !== null && payloadMs > retentionMs) {
    throw new ConfigurationError(
      'PAYLOAD_RETENTION is longer than RETENTION: payloads go with their events at the latest',
    );
  }
  if (dedupeMs < retentionMs) {
    throw new ConfigurationError(
      'DEDUPE_RETENTION is shorter than RETENTION: an event is found by the id that it remembers',
    );
  }
  return { retentionMs, auditMs: config.AUDIT_RETENTION ?? retentionMs, dedupeMs, payloadMs };
}

function readWith<Settings>(settings: z.ZodType<Settings>, env: NodeJS.ProcessEnv): Settings {
  const { data, problems } = judge(settings, env);
  if (data === null) throw new ConfigurationError(problems[0] ?? 'the settings can not be read');
  return data;
}

function judge<Settings>(settings: z.ZodType<Settings>, env: NodeJS.ProcessEnv) {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const problems = Object.keys(present)
    .filter((name) => name.startsWith('EVERHOOK_') && !commandLineNames.has(name))
    .map((name) => `${name} is not a setting of Everhook; see the table in README.md`);
  const result = settings.safeParse(present);
  for (const { path, message } of result.error?.issues ?? []) {
    const name = String(path[0]);
    const missing = `${name} is not set; it takes ${described[name] ?? 'a value'}`;
    problems.push(name in present ? `${name} is malformed: ${message.replace(`${name}: `, '')}` : missing);
  }
  return { data: problems.length === 0 ? (result.data ?? null) : null, problems };
}

/** Everything that a start would be refused for, a line each; what settings say together only once each is well-formed. */
export function configurationProblems(env: NodeJS.ProcessEnv): string[] {
  try {
    const { address, namespace } = temporalProfile(env);
    const { problems } = judge(schema, { ...env, TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace });
    if (problems.length === 0) readConfig(env);
    return problems;
  } catch (error) {
    if (error instanceof ConfigurationError) return [error.message];
    throw error;
  }
}

/** What a required setting takes, for the message that says it is missing. */
const described: Record<string, string> = {
  DATABASE_URL: 'a postgres:// URL',
  ENCRYPTION_KEYS: 'kid:base64-of-32-bytes or kid:kms:ARN-of-a-KMS-key, comma-separated, the first is current',
  TOKEN_SIGNING_KEY: 'base64 of at least 32 random bytes, comma-separated, the first signs',
};

function refuseUnsafe(config: Config, env: Record<string, string | undefined>): void {
  refuseWeakEncryptionKey(config);
  refuseWeakTokenKeys(config);
  if (config.CODEC_TOKEN && new Set(config.CODEC_TOKEN.reveal()).size < leastOfCodecToken) {
    throw new ConfigurationError(
      'CODEC_TOKEN repeats few characters; production takes random ones: openssl rand -hex 32',
    );
  }
  if (config.EGRESS_ALLOW.length > 0 && !config.EGRESS_ALLOW_IN_PRODUCTION) {
    throw new ConfigurationError(
      'EGRESS_ALLOW opens private addresses; in production it also takes EGRESS_ALLOW_IN_PRODUCTION=true',
    );
  }
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    throw new ConfigurationError(
      'NODE_TLS_REJECT_UNAUTHORIZED=0 turns TLS verification off; production takes it unset',
    );
  }
  const proxy = proxyNames.find((name) => env[name]);
  if (proxy) {
    throw new ConfigurationError(`${proxy} is set; deliveries never use a proxy, production takes it unset`);
  }
}

/** Different characters. 32 random hexadecimal digits have 14 on average. */
const leastOfCodecToken = 7;

/** Only the key that encrypts: an old one must stay until nothing is stored under it any more. */
function refuseWeakEncryptionKey({ ENCRYPTION_KEYS: [current] }: Pick<Config, 'ENCRYPTION_KEYS'>): void {
  // What is in KMS is not ours to judge.
  const weakness = current && 'key' in current && weaknessOf(current.key.export());
  if (!weakness) return;
  throw new ConfigurationError(
    `ENCRYPTION_KEYS: the first key ${weakness}; production takes random bytes: put a new key of openssl rand -base64 32 in front, behind it the old one`,
  );
}

/** All of them: with each of them tokens can be forged. */
function refuseWeakTokenKeys({ ENCRYPTION_KEYS: encryption, TOKEN_SIGNING_KEY: signing }: Config): void {
  for (const [index, secret] of signing.entries()) {
    const bytes = Buffer.from(secret.reveal(), 'base64');
    const isShared = encryption.some((one) => 'key' in one && one.key.export().equals(bytes));
    const weakness = isShared ? 'is one of ENCRYPTION_KEYS too' : weaknessOf(bytes);
    if (weakness) {
      throw new ConfigurationError(
        `TOKEN_SIGNING_KEY: entry ${index + 1} ${weakness}; production takes random bytes of its own: openssl rand -base64 32`,
      );
    }
  }
}

/** It may stand in a URL, and guesses at it are few. */
function parseCodecToken(text: string): Secret {
  if (/^[A-Za-z0-9_-]{32,200}$/.test(text)) return new Secret(text);
  throw new Error('32 to 200 random characters of A-Z a-z 0-9 _ -');
}

function parseServers(text: string): string[] {
  const servers = text.split(',').map((server) => server.trim());
  try {
    new Resolver().setServers(servers);
    // It takes any number for a port.
    if (servers.every((server) => Number(/:(\d+)$/.exec(server)?.[1] ?? 53) <= 65535)) return servers;
  } catch {
    // Not addresses: told below.
  }
  throw new Error('IP addresses of DNS servers, optionally with :port, comma-separated');
}
