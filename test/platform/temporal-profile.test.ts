import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createSecureServer, type IncomingHttpHeaders } from 'node:http2';
import { connect, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createServer, type TlsOptions } from 'node:tls';
import { Worker } from '@temporalio/worker';
import pino from 'pino';
import { ConfigurationError, readConfig, readTemporalConnection } from '../../src/platform/config';
import { connectTemporal, TemporalUnavailable } from '../../src/platform/temporal';
import { createTemporalLink } from '../../src/platform/temporal-link';
import { loadTemporalProfile } from '../../src/platform/temporal-profile';
import { codecOf, newEncryptionKey } from '../support/codec';
import { eventually } from '../support/everhook';
import { devServer, quietTemporal, testTaskQueue } from '../support/temporal';
import { createAuthority, type Authority, type Identity } from '../support/tls';
import { startableDelivery } from './deliveries';

quietTemporal();
const server = devServer();
const required = {
  DATABASE_URL: 'postgres://user@localhost/everhook',
  ENCRYPTION_KEYS: `k1:${Buffer.alloc(32, 7).toString('base64')}`,
  TOKEN_SIGNING_KEY: Buffer.alloc(32, 7).toString('base64'),
};

let directory: string;
/** Of the server and, another one, of its clients. */
let authority: Authority;
let clients: Authority;
let files: Record<'ca' | 'certificate' | 'key' | 'profiles', string>;

async function write(name: string, text: string): Promise<string> {
  const file = path.join(directory, name);
  await writeFile(file, text);
  return file;
}

beforeAll(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'everhook-profile-'));
  [authority, clients] = [await createAuthority(), await createAuthority('Authority of clients')];
  const client = await clients.issue('everhook');
  const [ca, certificate, key] = [
    await write('ca.pem', authority.ca),
    await write('client.pem', client.cert),
    await write('client.key', client.key),
  ];
  const profiles = await write(
    'temporal.toml',
    `[profile.default]
     address = "from-the-file:7233"
     namespace = "from-the-file"
     [profile.cloud]
     address = "acme.tmprl.cloud:7233"
     namespace = "acme.prod"
     api_key = "key-of-the-file"
     [profile.cloud.grpc_meta]
     x-team = "billing"
     [profile.mutual]
     namespace = "default"
     [profile.mutual.tls]
     server_ca_cert_path = "${ca}"
     client_cert_path = "${certificate}"
     client_key_path = "${key}"`,
  );
  files = { ca, certificate, key, profiles };
});
afterAll(async () => {
  await server.close();
  await rm(directory, { recursive: true });
});

describe('the profile for Temporal', () => {
  it('is that of the variables, and of nobody in plain text without any', () => {
    expect(loadTemporalProfile({})).toEqual({ address: undefined, namespace: undefined, connection: {} });
    const env = { TEMPORAL_ADDRESS: 'a:1', TEMPORAL_NAMESPACE: 'n', TEMPORAL_API_KEY: 'the-key', TEMPORAL_PROFILE: '' };
    const { connection, ...where } = loadTemporalProfile(env);
    expect(where).toEqual({ address: 'a:1', namespace: 'n' });
    expect(connection.tls).toBe(true);
    expect(connection.apiKey?.reveal()).toBe('the-key');
    expect(JSON.stringify(connection)).not.toContain('the-key');
  });

  it('is the one of the file that is named, and variables win over it', () => {
    const env = { TEMPORAL_CONFIG_FILE: files.profiles, TEMPORAL_PROFILE: 'cloud' };
    const { address, namespace, connection } = loadTemporalProfile(env);
    expect([address, namespace]).toEqual(['acme.tmprl.cloud:7233', 'acme.prod']);
    expect(connection).toMatchObject({ tls: true, metadata: { 'x-team': 'billing' } });
    expect(connection.apiKey?.reveal()).toBe('key-of-the-file');
    const changed = loadTemporalProfile({ ...env, TEMPORAL_NAMESPACE: 'acme.test', TEMPORAL_API_KEY: 'another' });
    expect([changed.address, changed.namespace]).toEqual(['acme.tmprl.cloud:7233', 'acme.test']);
    expect(changed.connection.apiKey?.reveal()).toBe('another');
  });

  it('says where the settings do not, and its TLS is read from its files', async () => {
    await mkdir(path.join(directory, 'temporalio'));
    await write('temporalio/temporal.toml', '[profile.default]\naddress = "here:1"\nnamespace = "ours"');
    const of = ({ TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE }: ReturnType<typeof readConfig>) => [
      TEMPORAL_ADDRESS,
      TEMPORAL_NAMESPACE,
    ];
    expect(of(readConfig(required))).toEqual(['localhost:7233', 'default']);
    expect(of(readConfig({ ...required, XDG_CONFIG_HOME: directory }))).toEqual(['here:1', 'ours']);
    const named = { ...required, TEMPORAL_CONFIG_FILE: files.profiles, TEMPORAL_PROFILE: 'cloud' };
    expect(of(readConfig(named))).toEqual(['acme.tmprl.cloud:7233', 'acme.prod']);
    expect(of(readConfig({ ...named, TEMPORAL_ADDRESS: 'else:1' }))).toEqual(['else:1', 'acme.prod']);
    const { tls } = readTemporalConnection({ ...named, TEMPORAL_PROFILE: 'mutual' });
    expect(tls).toMatchObject({ serverRootCACertificate: Buffer.from(authority.ca) });
  });

  it.each<[string, (there: typeof files) => NodeJS.ProcessEnv | Promise<NodeJS.ProcessEnv>, RegExp]>([
    ['a file that is not there', () => ({ TEMPORAL_CONFIG_FILE: '/nowhere.toml' }), /no file \/nowhere.toml$/],
    [
      'a profile that is not there',
      ({ profiles }) => ({ TEMPORAL_CONFIG_FILE: profiles, TEMPORAL_PROFILE: 'other' }),
      /'other' not found/,
    ],
    [
      'a certificate that is not there',
      () => ({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere.pem' }),
      /ENOENT.*nowhere\.pem/,
    ],
    [
      'a word for TEMPORAL_TLS that the SDK would take for no',
      () => ({ TEMPORAL_TLS: 'yes' }),
      /TEMPORAL_TLS is true or/,
    ],
    [
      'a file that is no TOML, without a word of it',
      async () => ({ TEMPORAL_CONFIG_FILE: await write('broken.toml', '[profile.default]\napi_key = the-key-of-it') }),
      /Invalid TOML document/,
    ],
  ])('stops the start in one line for %s', async (_what, environment, reason) => {
    const env = { ...required, ...(await environment(files)) };
    const refusal = (() => {
      try {
        return readConfig(env);
      } catch (error) {
        return error;
      }
    })();
    expect(refusal).toBeInstanceOf(ConfigurationError);
    expect((refusal as Error).message).toMatch(reason);
    expect((refusal as Error).message).not.toMatch(/\n|the-key-of-it/);
  });
});

/** TLS in front of the dev server, for clients with a certificate of their own. */
async function startTlsDoor(identity: Identity, options: TlsOptions) {
  const door = createServer({ ...identity, ...options, ALPNProtocols: ['h2'] }, (socket) => {
    const [host = '', port] = server.address.split(':');
    const onward = connect(Number(port), host);
    for (const [from, to] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      from.on('error', () => {}).on('close', () => to.destroy());
      from.pipe(to);
    }
  }).on('tlsClientError', () => {});
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  return { address: `localhost:${(door.address() as AddressInfo).port}`, close: () => door.close() };
}

describe('a Temporal server with TLS', () => {
  it('that asks for a certificate is reached by a profile of the file, by clients and by workers', async () => {
    const door = await startTlsDoor(await authority.issue('localhost'), {
      ca: clients.ca,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const env = {
      ...required,
      TEMPORAL_ADDRESS: door.address,
      TEMPORAL_CONFIG_FILE: files.profiles,
      TEMPORAL_PROFILE: 'mutual',
    };
    const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace } = readConfig(env);
    const taskQueue = testTaskQueue();
    const link = createTemporalLink({
      address,
      connection: readTemporalConnection(env),
      namespace,
      taskQueue,
      awsSweepIntervalMs: 60_000,
      retentionIntervalMs: 3_600_000,
      sweepIntervalMs: 3_600_000,
      eagerStart: false,
      codec: codecOf(newEncryptionKey()),
      log: pino({ level: 'silent' }),
    });
    try {
      const { connection } = await link.connected;
      expect(await link.answers()).toBe(true);
      const delivery = startableDelivery();
      await link.runs.start(delivery);
      expect(await link.runs.state(delivery)).toBe('running');

      const worker = await Worker.create({ connection, namespace, taskQueue, activities: { nothing: async () => {} } });
      const pollers = async () => {
        const asked = { namespace, taskQueue: { name: taskQueue }, taskQueueType: 2 };
        return (await connection.workflowService.describeTaskQueue(asked)).pollers?.length;
      };
      expect(await worker.runUntil(() => eventually(pollers, (count) => count === 1))).toBe(1);
    } finally {
      await link.close();
      door.close();
    }
  });

  it('is not talked to when it is not the one of its certificate, or does not know ours', async () => {
    const { tls } = readTemporalConnection({ TEMPORAL_CONFIG_FILE: files.profiles, TEMPORAL_PROFILE: 'mutual' });
    const impostor = await startTlsDoor(await (await createAuthority()).issue('localhost'), {});
    const elsewhere = await startTlsDoor(await authority.issue('temporal.example'), {});
    const closed = await startTlsDoor(await authority.issue('localhost'), {
      ca: authority.ca,
      requestCert: true,
      rejectUnauthorized: true,
    });
    for (const { address, close } of [impostor, elsewhere, closed]) {
      await expect(connectTemporal(address, { tls: tls ?? false })).rejects.toThrow(TemporalUnavailable);
      close();
    }
  }, 60_000);

  it('gets the API key and the headers of the profile with its calls', async () => {
    const asked: IncomingHttpHeaders[] = [];
    const cloud = createSecureServer(await authority.issue('localhost'));
    cloud.on('stream', (stream, headers) => {
      asked.push(headers);
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' }, { endStream: true });
    });
    cloud.listen(0, '127.0.0.1');
    await once(cloud, 'listening');
    const profile = { TEMPORAL_CONFIG_FILE: files.profiles, TEMPORAL_PROFILE: 'cloud' };
    const connection = readTemporalConnection({ ...profile, TEMPORAL_TLS_SERVER_CA_CERT_PATH: files.ca });
    // It answers that it knows no such call, and has heard who calls.
    const connecting = connectTemporal(`localhost:${(cloud.address() as AddressInfo).port}`, connection);
    await expect(connecting).rejects.toThrow(TemporalUnavailable);
    cloud.close();
    expect(asked[0]).toMatchObject({ authorization: 'Bearer key-of-the-file', 'x-team': 'billing' });
  });
});
