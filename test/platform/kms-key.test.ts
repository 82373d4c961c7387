import { inspect } from 'node:util';
import { randomBytes, randomUUID } from 'node:crypto';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { logToStderr } from '../../scripts/local-stack/log';
import { startMoto, type RunningMoto } from '../../scripts/local-stack/moto';
import { lookAtKeys } from '../../src/cli/doctor/keys';
import { Secret } from '../../src/domain/secret';
import { AwsFailure } from '../../src/platform/aws/errors';
import { createKms, type Kms } from '../../src/platform/aws/kms';
import { readConfig } from '../../src/platform/config';
import { DecryptionError, EncryptionKeyUnavailable } from '../../src/platform/key-encryption';
import { createKeyring, parseEncryptionKeys } from '../../src/platform/keyring';
import { createKmsKeys } from '../../src/platform/kms-key';
import { startFaultProxy, type Fault, type FaultProxy } from '../support/aws/fault-proxy';
import { forwardTo } from '../support/aws/forward';
import { closedPort } from '../support/receivers';

process.env.AWS_ACCESS_KEY_ID = 'stand-in';
process.env.AWS_SECRET_ACCESS_KEY = 'stand-in';

const region = 'eu-central-1';
const binding = { tenantId: 'tenant-a', recordId: 'record-1', field: 'webhook.password' };
const canary = 'correct horse battery staple';
let moto: RunningMoto;
let proxy: FaultProxy;
let admin: KMSClient;
let kms: Kms;
let arn: string;

beforeAll(async () => {
  moto = await startMoto({ log: logToStderr });
  proxy = await startFaultProxy((call) => forwardTo(moto.url, call));
  admin = new KMSClient({ endpoint: moto.url, region });
  kms = createKms({ endpoint: proxy.url });
  const { KeyMetadata } = await admin.send(new CreateKeyCommand({}));
  arn = KeyMetadata?.Arn ?? '';
}, 120_000);

afterAll(async () => {
  kms.close();
  admin.destroy();
  await proxy.stop();
  await moto.stop();
});

const local = `local:${randomBytes(32).toString('base64')}`;
const keyring = (text: string) => createKeyring(parseEncryptionKeys(text), kms);
const kmsRing = () => keyring(`aws:kms:${arn}`);
const calls = () => proxy.calls(region);

/** What a fault at a call of KMS makes of an operation; the call that follows is well again. */
async function under(fault: Omit<Fault, 'nth'>, operation: () => Promise<unknown>): Promise<unknown> {
  proxy.begin(region, [{ ...fault, nth: 1 }]);
  const failure: unknown = await operation().catch((error: unknown) => error);
  expect(proxy.strikes(region)).toMatchObject([{ times: 1 }]);
  proxy.lift(region);
  return failure;
}

describe('a key that stays in AWS KMS', () => {
  it('gives back a secret from the place it was encrypted for, in any process', async () => {
    const ciphertext = await kmsRing().encrypt(new Secret(canary), binding);
    expect(ciphertext).toMatch(/^v1\.aws\.[\w-]{100,}\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/);
    expect((await kmsRing().decrypt(ciphertext, binding)).reveal()).toBe(canary);
  });

  it.each([
    ['another tenant', { ...binding, tenantId: 'tenant-b' }],
    ['another record', { ...binding, recordId: 'record-2' }],
    ['another field', { ...binding, field: 'webhook.secret' }],
  ])('refuses it for %s, whether its DEK is known or not', async (_what, elsewhere) => {
    const ring = kmsRing();
    const ciphertext = await ring.encrypt(new Secret(canary), binding);
    await expect(ring.decrypt(ciphertext, elsewhere)).rejects.toThrow(DecryptionError);
    await ring.decrypt(ciphertext, binding);
    await expect(ring.decrypt(ciphertext, elsewhere)).rejects.toThrow(DecryptionError);
  });

  it('is asked to tell tenant, record and field apart by itself', async () => {
    const wrapped = await kms.encrypt(arn, Buffer.alloc(32), { recordId: '1' });
    const failure: unknown = await kms.decrypt(arn, wrapped, { recordId: '2' }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AwsFailure);
    expect(failure).toMatchObject({ errorName: 'InvalidCiphertextException' });
  });

  it('refuses what was altered as it refuses what was never one of its own', async () => {
    const ciphertext = await kmsRing().encrypt(new Secret(canary), binding);
    const [version, kid, wrapped = '', ...data] = ciphertext.split('.');
    const other = Buffer.from(wrapped, 'base64url');
    other.writeUInt8(other.readUInt8(other.length - 1) ^ 1, other.length - 1);
    for (const changed of [other.toString('base64url'), randomBytes(60).toString('base64url')]) {
      const altered = [version, kid, changed, ...data].join('.');
      await expect(kmsRing().decrypt(altered, binding)).rejects.toThrow(DecryptionError);
    }
  });

  it('takes over from a local key, and hands over to one, without the data being touched', async () => {
    const before = await keyring(local).encrypt(new Secret(canary), binding);
    const inKms = await keyring(`aws:kms:${arn},${local}`).rewrap(before, binding);
    expect((await kmsRing().decrypt(inKms, binding)).reveal()).toBe(canary);
    const back = await keyring(`${local},aws:kms:${arn}`).rewrap(inKms, binding);
    expect((await keyring(local).decrypt(back, binding)).reveal()).toBe(canary);
    expect(back.split('.').slice(3)).toEqual(before.split('.').slice(3));
  });

  it('shows nothing of what it opened when it is printed', async () => {
    const ring = kmsRing();
    const ciphertext = await ring.encrypt(new Secret(canary), binding);
    const plain = await ring.decrypt(ciphertext, binding);
    expect(inspect([ring, plain], { showHidden: true, depth: 9 }) + JSON.stringify([ring, plain])).not.toContain(
      canary,
    );
  });
});

describe('a DEK that KMS unwrapped', () => {
  it('is known from then on: deliveries that need it ask once, also at the same time', async () => {
    const ring = kmsRing();
    const ciphertext = await ring.encrypt(new Secret(canary), binding);
    proxy.begin(region, []);
    const opened = await Promise.all(Array.from({ length: 20 }, () => ring.decrypt(ciphertext, binding)));
    opened.push(await ring.decrypt(ciphertext, binding));
    expect(new Set(opened.map((secret) => secret.reveal()))).toEqual(new Set([canary]));
    expect(calls()).toEqual(['Decrypt']);
  });

  it('is forgotten after its time, and when there are too many', async () => {
    const [ttlMs, max] = [50, 2];
    const key = createKmsKeys(kms, { ttlMs, max })('aws', arn);
    const wrapped = await Promise.all([1, 2, 3].map(() => key.wrap(randomBytes(32), binding)));
    const [first = Buffer.alloc(0)] = wrapped;
    const unbounded = createKmsKeys(kms, { max })('aws', arn);
    for (const one of wrapped) await unbounded.unwrap(one, binding);
    proxy.begin(region, []);
    await unbounded.unwrap(first, binding);
    expect(calls()).toEqual(['Decrypt']);

    const dek = await key.unwrap(first, binding);
    proxy.begin(region, []);
    await new Promise((resolve) => setTimeout(resolve, 2 * ttlMs));
    expect(await key.unwrap(first, binding)).toEqual(dek);
    expect(calls()).toEqual(['Decrypt']);
  });

  it('can be overwritten by whoever got it, and is still right for the next', async () => {
    const key = createKmsKeys(kms)('aws', arn);
    const dek = randomBytes(32);
    const wrapped = await key.wrap(dek, binding);
    (await key.unwrap(wrapped, binding)).fill(0);
    (await key.unwrap(wrapped, binding)).fill(0);
    expect(await key.unwrap(wrapped, binding)).toEqual(dek);
  });

  it('is not given out for another place, although it is known', async () => {
    const key = createKmsKeys(kms)('aws', arn);
    const wrapped = await key.wrap(randomBytes(32), binding);
    await key.unwrap(wrapped, binding);
    await expect(key.unwrap(wrapped, { ...binding, recordId: 'record-2' })).rejects.toThrow(DecryptionError);
  });
});

describe('KMS that can not be used', () => {
  const faults: Omit<Fault, 'nth' | 'operation'>['kind'][] = [
    'request lost',
    'answer lost',
    'throttled',
    'denied',
    'breaks',
    'refused',
  ];

  it.each(faults)('is an outage that passes, never a wrong key: %s', async (kind) => {
    const ciphertext = await kmsRing().encrypt(new Secret(canary), binding);
    const ring = kmsRing();
    const opening = await under({ kind, operation: 'Decrypt' }, () => ring.decrypt(ciphertext, binding));
    expect(opening).toBeInstanceOf(EncryptionKeyUnavailable);
    expect(opening).toMatchObject({ kid: 'aws', cause: expect.any(AwsFailure) });
    expect((await ring.decrypt(ciphertext, binding)).reveal()).toBe(canary);
    const sealing = await under({ kind, operation: 'Encrypt' }, () => ring.encrypt(new Secret(canary), binding));
    expect(sealing).toBeInstanceOf(EncryptionKeyUnavailable);
    expect(inspect([opening, sealing], { depth: 9 })).not.toContain('text that must not get out');
  });

  it('and hangs is waited for by one caller at a time: the others hear at once that it does', async () => {
    const ring = kmsRing();
    proxy.begin(region, [{ kind: 'hangs', operation: 'Encrypt', nth: 1, lasting: 'operation' }]);
    const sealing = () => ring.encrypt(new Secret(canary), binding).catch((error: unknown) => error);
    expect(await sealing()).toBeInstanceOf(EncryptionKeyUnavailable);
    const failures = await Promise.all(Array.from({ length: 20 }, sealing));
    expect(failures.every((failure) => failure instanceof EncryptionKeyUnavailable)).toBe(true);
    expect(calls()).toEqual(['Encrypt', 'Encrypt']);
    proxy.lift(region);
    expect(await sealing()).toMatch(/^v1\.aws\./);
    const sealed = await Promise.all(Array.from({ length: 20 }, sealing));
    expect(sealed.filter((one) => one instanceof Error)).toEqual([]);
  });

  it('is one call, however it ends', async () => {
    proxy.begin(region, [{ kind: 'breaks', operation: 'Encrypt', nth: 1, lasting: 'operation' }]);
    await expect(kmsRing().encrypt(new Secret(canary), binding)).rejects.toThrow(
      "encryption key aws can't be used now",
    );
    expect(calls()).toEqual(['Encrypt']);
    proxy.lift(region);
  });

  it.each(['DisabledException', 'KMSInvalidStateException', 'KeyUnavailableException', 'AccessDeniedException'])(
    'is one that says %s: what is known goes on, the rest waits',
    async (name) => {
      const [known, unknown] = await Promise.all([1, 2].map(() => kmsRing().encrypt(new Secret(canary), binding)));
      if (!known || !unknown) throw new Error('too few');
      const disabled = { now: false };
      const decrypt: Kms['decrypt'] = async (...asked) => {
        if (disabled.now) throw new AwsFailure('Decrypt', 'refused', name, 400, null, null);
        return kms.decrypt(...asked);
      };
      const ring = createKeyring(parseEncryptionKeys(`aws:kms:${arn}`), { ...kms, decrypt });
      await ring.decrypt(known, binding);
      disabled.now = true;
      expect((await ring.decrypt(known, binding)).reveal()).toBe(canary);
      await expect(ring.decrypt(unknown, binding)).rejects.toThrow(EncryptionKeyUnavailable);
      disabled.now = false;
      expect((await ring.decrypt(unknown, binding)).reveal()).toBe(canary);
    },
  );

  it('is one that nobody answers for', async () => {
    const nowhere = createKms({ endpoint: `http://127.0.0.1:${await closedPort()}` });
    const ring = createKeyring(parseEncryptionKeys(`aws:kms:${arn}`), nowhere);
    await expect(ring.encrypt(new Secret(canary), binding)).rejects.toThrow(EncryptionKeyUnavailable);
    nowhere.close();
  });
});

describe('everhook doctor', () => {
  const look = (keys: string) =>
    lookAtKeys(
      null,
      readConfig({
        DATABASE_URL: 'postgres://127.0.0.1/everhook',
        TEMPORAL_ADDRESS: '127.0.0.1:7233',
        TOKEN_SIGNING_KEY: randomBytes(32).toString('base64'),
        ENCRYPTION_KEYS: keys,
        AWS_ENDPOINT_URL: proxy.url,
      }),
    );

  it('says of each key whether it can be used, and what for', async () => {
    const gone = arn.replace(/[^/]+$/, randomUUID());
    expect(await look(`aws:kms:${arn},gone:kms:${gone},${local}`)).toMatchObject([
      { name: 'key aws', state: 'ok', detail: 'AWS KMS, encrypts', mend: null },
      {
        name: 'key gone',
        state: 'failed',
        detail: expect.stringMatching(/^AWS KMS, decrypts: .*NotFoundException/) as string,
        mend: expect.stringContaining(`aws kms describe-key --key-id ${gone} `) as string,
      },
      { name: 'key local', state: 'ok', detail: 'local, decrypts', mend: null },
    ]);
  });

  it.each(['Encrypt', 'Decrypt'])('says that AWS does not let us %s', async (operation) => {
    proxy.begin(region, [{ kind: 'denied', operation, nth: 1 }]);
    const [finding] = await look(`aws:kms:${arn}`);
    proxy.lift(region);
    expect(finding).toMatchObject({
      state: 'failed',
      detail: expect.stringContaining('AccessDeniedException') as string,
      mend: expect.stringContaining('allow kms:Encrypt, kms:Decrypt') as string,
    });
  });
});
