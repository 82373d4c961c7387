import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, copyFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import packageJson from '../../package.json';
import { ConfigurationError, readConfig } from '../../src/platform/config';
import { readDocument, root, section, tableRows } from './documents';

const service = z.object({
  image: z.string(),
  build: z.string().optional(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).optional(),
  healthcheck: z.looseObject({ test: z.array(z.string()).optional(), disable: z.boolean().optional() }).optional(),
  ports: z.array(z.string()).optional(),
  volumes: z.array(z.string()).optional(),
  networks: z.array(z.string()),
  stop_grace_period: z.string().optional(),
  deploy: z.object({ replicas: z.int() }).optional(),
  read_only: z.boolean().optional(),
  tmpfs: z.array(z.string()).optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  privileged: z.boolean().optional(),
  user: z.string().optional(),
});
const file = z.object({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.unknown()),
  networks: z.record(z.string(), z.looseObject({ internal: z.boolean().optional() }).nullable()),
});

const text = readFileSync(path.join(root, 'docker-compose.yml'), 'utf8');
const compose = file.parse(parse(text, { merge: true }));
const services = Object.entries(compose.services);
const own = services.filter(([, { build }]) => build !== undefined);
const settings = tableRows(section(readDocument('README.md'), '## Configuration'), 'variable').map(([name = '']) =>
  name.replaceAll('`', ''),
);

/** `${NAME}`, `${NAME:-default}`, `${NAME:?message}` as Compose replaces them. */
function interpolated(value: string, env: Record<string, string>): string {
  return value.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind?: string, rest = '') => {
    if (env[name]) return env[name];
    if (kind === '-') return rest;
    throw new Error(`${name} is not set`);
  });
}

const secrets = {
  POSTGRES_PASSWORD: 'a1',
  DATABASE_PASSWORD: 'b2',
  TEMPORAL_DATABASE_PASSWORD: 'c3',
  ENCRYPTION_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  TOKEN_SIGNING_KEY: randomBytes(32).toString('base64'),
  CODEC_TOKEN: randomBytes(24).toString('hex'),
};
const environmentOf = (name: string, env: Record<string, string> = secrets) =>
  Object.fromEntries(
    Object.entries(compose.services[name]?.environment ?? {}).map(([key, value]) => [key, interpolated(value, env)]),
  );

describe('docker-compose.yml', () => {
  it('runs PostgreSQL, Temporal with its Web UI, the migrations, the API and workers', () => {
    expect(services.map(([name]) => name)).toEqual(
      expect.arrayContaining(['postgres', 'temporal', 'temporal-ui', 'migrate', 'api', 'worker']),
    );
    expect(own.map(([name, { command }]) => [name, command])).toEqual([
      ['migrate', ['migrate']],
      ['api', ['api']],
      ['worker', ['worker']],
    ]);
    expect(compose.services.worker?.deploy?.replicas).toBe(2);
    // A container of a fixed name, or with a port of the host, could not be there twice.
    expect(compose.services.worker?.ports).toBeUndefined();
  });

  it.each(own.map(([name]) => name))('runs %s without rights, on a file system that it can not write', (name) => {
    expect(compose.services[name]).toMatchObject({
      read_only: true,
      tmpfs: ['/tmp'],
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    // The image's own user.
    expect(compose.services[name]).not.toHaveProperty('user');
  });

  it('gives nobody more rights than a container has, and PostgreSQL and Temporal no way out', () => {
    expect(services.filter(([, { privileged }]) => privileged)).toEqual([]);
    expect(compose.networks.backend).toEqual({ internal: true });
    const inside = services.filter(([, { networks }]) => networks.join() === 'backend').map(([name]) => name);
    expect(inside).toEqual(expect.arrayContaining(['postgres', 'temporal', 'migrate']));
  });

  it('waits for the tables of both before API and workers start, and asks whether they are ready', () => {
    for (const name of ['api', 'worker']) {
      const { depends_on: needed, healthcheck } = compose.services[name] ?? {};
      expect(Object.keys(needed ?? {})).toEqual(['migrate', 'temporal-namespace']);
      expect(healthcheck?.test?.join(' ')).toContain('/readyz');
    }
  });

  it('pins every image to one version', () => {
    const foreign = services.filter(([, { build }]) => build === undefined).map(([, { image }]) => image);
    expect(foreign.filter((image) => !/:\d+\.\d+(\.\d+)?[\w.-]*$/.test(image))).toEqual([]);
    for (const [, { image }] of own) expect(image).toBe(`everhook:${packageJson.version}`);
  });

  it('makes the tables of Temporal with the version of its server', () => {
    const version = (name: string) => compose.services[name]?.image.split(':')[1];
    expect(version('temporal-schema')).toBe(version('temporal'));
    expect(version('temporal-namespace')).toBe(version('temporal'));
  });

  it('waits only for services that are there, in a way that they can fulfil', () => {
    for (const [, { depends_on: needed = {} }] of services) {
      for (const [name, { condition }] of Object.entries(needed)) {
        const other = compose.services[name];
        expect([name, other !== undefined]).toEqual([name, true]);
        if (condition === 'service_healthy')
          expect([name, other?.healthcheck?.test?.length]).not.toEqual([name, undefined]);
        else expect(condition).toBe('service_completed_successfully');
      }
    }
  });

  it('names volumes, networks and files that are there', () => {
    for (const [, { volumes = [], networks }] of services) {
      expect(networks.filter((network) => !(network in compose.networks))).toEqual([]);
      for (const source of volumes.map((volume) => volume.split(':')[0] ?? '')) {
        if (source.startsWith('./')) expect([source, existsSync(path.join(root, source))]).toEqual([source, true]);
        else expect(Object.keys(compose.volumes)).toContain(source);
      }
    }
  });

  it('publishes ports on the loopback address only', () => {
    const ports = services.flatMap(([, { ports: published = [] }]) => published);
    expect(ports.length).toBeGreaterThan(0);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it.each(own.map(([name]) => name))('gives %s settings that exist, as production takes them', (name) => {
    const environment = environmentOf(name);
    expect(Object.keys(environment).filter((variable) => !settings.includes(variable))).toEqual([]);
    const config = readConfig(environment);
    expect(config).toMatchObject({ NODE_ENV: 'production', EGRESS_ALLOW: [], TEMPORAL_ADDRESS: 'temporal:7233' });
  });

  it('runs Everhook with the defaults of its settings unless .env says otherwise', () => {
    const { CODEC_TOKEN, ...api } = environmentOf('api');
    const { DATABASE_URL, ENCRYPTION_KEYS, TOKEN_SIGNING_KEY, TEMPORAL_ADDRESS, TEMPORAL_UI_URL, NODE_ENV } = api;
    const bare = { DATABASE_URL, ENCRYPTION_KEYS, TOKEN_SIGNING_KEY, TEMPORAL_ADDRESS, TEMPORAL_UI_URL, NODE_ENV };
    expect(readConfig(api)).toEqual(readConfig(bare));
    expect(readConfig({ ...api, CODEC_TOKEN }).CODEC_TOKEN?.reveal()).toBe(secrets.CODEC_TOKEN);
    expect(readConfig(environmentOf('worker'))).toEqual(readConfig(bare));
  });

  it.each(Object.keys(secrets))('does not start without %s', (name) => {
    const rest = { ...secrets, [name]: '' };
    expect(() => services.map(([service]) => environmentOf(service, rest))).toThrow(`${name} is not set`);
  });

  it('passes what is unsafe in production on only when it is asked for twice', () => {
    const opened = { ...secrets, EGRESS_ALLOW: 'http://localhost:9010' };
    expect(() => readConfig(environmentOf('worker', opened))).toThrow(ConfigurationError);
    const twice = { ...opened, EGRESS_ALLOW_IN_PRODUCTION: 'true' };
    expect(readConfig(environmentOf('worker', twice)).EGRESS_ALLOW).toHaveLength(1);
  });

  it('has the Web UI ask the API for decrypted payloads, with the cookie of a sign-in, from the origin the API knows', () => {
    const ui = environmentOf('temporal-ui');
    const api = environmentOf('api');
    expect(ui).toMatchObject({ TEMPORAL_CODEC_INCLUDE_CREDENTIALS: 'true' });
    const published = compose.services.api?.ports?.map((port) => interpolated(port, secrets)) ?? [];
    const endpoint = new URL(ui.TEMPORAL_CODEC_ENDPOINT ?? '');
    expect(published).toContain(`127.0.0.1:${endpoint.port}:3000`);
    expect(endpoint.pathname).toBe('/codec');
    // One site, or the cookie stays at home.
    expect(endpoint.hostname).toBe(new URL(api.TEMPORAL_UI_URL ?? '').hostname);
  });

  it('gives a worker longer to stop than its attempts and its own bounds take', () => {
    for (const [, { stop_grace_period: grace }] of own) expect(grace).toBe('30s');
  });
});

describe('Dockerfile', () => {
  const dockerfile = readFileSync(path.join(root, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ');
  const instructions = dockerfile.split('\n').filter((line) => /^[A-Z]+ /.test(line));
  const final = instructions.slice(instructions.findLastIndex((line) => line.startsWith('FROM ')));

  it('is built on pinned Debian images, in stages of its own', () => {
    const stages = new Set<string>();
    for (const line of instructions.filter((one) => one.startsWith('FROM '))) {
      const [, image = '', , stage] = line.split(' ');
      if (!stages.has(image)) expect(image).toMatch(/^(node:\d+\.\d+\.\d+-bookworm|debian:12\.\d+)-slim$/);
      if (stage) stages.add(stage);
    }
    expect([...stages]).toEqual(['base', 'build', 'dependencies']);
  });

  it('runs a Node.js that package.json allows', () => {
    const [, major = 0, minor = 0] = /node:(\d+)\.(\d+)\./.exec(dockerfile)?.map(Number) ?? [];
    expect(packageJson.engines.node).toBe('>=20.19');
    expect(major > 20 || (major === 20 && minor >= 19)).toBe(true);
  });

  it('runs node itself as PID 1, not as root, for production', () => {
    expect(final).toContain('ENTRYPOINT ["node", "dist/src/cli/main.js"]');
    expect(final.find((line) => line.startsWith('USER '))).toBe('USER node');
    expect(final.indexOf('USER node')).toBeGreaterThan(final.findLastIndex((line) => line.startsWith('RUN ')));
    expect(final).toContain('ENV NODE_ENV=production');
    expect(final.some((line) => line.startsWith('HEALTHCHECK '))).toBe(true);
  });

  it('leaves the development packages out', () => {
    expect(instructions).toContainEqual(expect.stringMatching(/^RUN npm ci --omit=dev/));
    expect(final.some((line) => line.includes('npm '))).toBe(false);
  });

  it('copies only what is there and what .dockerignore lets in', () => {
    const allowed = readFileSync(path.join(root, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = instructions
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(/\s+/).slice(1, -1));
    expect(copied.length).toBeGreaterThan(5);
    expect([...new Set(copied.map((name) => name.split('/')[0]))].sort()).toEqual(allowed.sort());
    expect(copied.filter((name) => !existsSync(path.join(root, name)))).toEqual([]);
  });
});

describe('deploy/new-env.sh', () => {
  let checkout: string;
  beforeAll(() => {
    checkout = mkdtempSync(path.join(os.tmpdir(), 'everhook-env-'));
    mkdirSync(path.join(checkout, 'deploy'));
    copyFileSync(path.join(root, 'deploy', 'new-env.sh'), path.join(checkout, 'deploy', 'new-env.sh'));
  });
  afterAll(() => rmSync(checkout, { recursive: true }));

  const run = () => execFileSync('sh', ['deploy/new-env.sh'], { cwd: checkout, stdio: 'pipe' });
  const written = () =>
    Object.fromEntries(
      readFileSync(path.join(checkout, '.env'), 'utf8')
        .trim()
        .split('\n')
        .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
    );

  it('writes every secret that docker-compose.yml asks for, readable by its owner alone', () => {
    run();
    const required = new Set([...text.matchAll(/\$\{(\w+):\?/g)].map(([, name]) => name));
    expect(new Set(Object.keys(written()))).toEqual(required);
    expect(readConfig(environmentOf('worker', written())).ENCRYPTION_KEYS).toHaveLength(1);
    expect(statSync(path.join(checkout, '.env')).mode & 0o077).toBe(0);
  });

  it('never overwrites the keys of what is stored', () => {
    const before = written();
    expect(run).toThrow('.env is there already');
    expect(written()).toEqual(before);
  });
});
