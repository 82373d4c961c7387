import { createDecipheriv, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { Secret } from '../../src/domain/secret';
import {
  createKeyring,
  DecryptionError,
  parseEncryptionKeys,
  UnknownEncryptionKeyError,
} from '../../src/platform/keyring';

const entry = (kid: string, bytes = 32) => `${kid}:${randomBytes(bytes).toString('base64')}`;
const oldEntry = entry('2025');
const newEntry = entry('2026');
const keyring = createKeyring(parseEncryptionKeys(oldEntry));
const binding = { tenantId: 'tenant-a', recordId: 'record-1', field: 'webhook.password' };
const kmsKey = 'arn:aws:kms:eu-central-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab';
const canary = 'correct horse battery staple';

describe('ENCRYPTION_KEYS', () => {
  it('is a list of keys, the first of which is current', () => {
    const keys = parseEncryptionKeys(`${newEntry}, ${oldEntry}`);
    expect(keys.map(({ kid }) => kid)).toEqual(['2026', '2025']);
    expect(createKeyring(keys).currentKid).toBe('2026');
    expect(inspect(keys, { showHidden: true, depth: 9 })).not.toContain(newEntry.slice(5));
  });

  it('has local keys and keys of AWS KMS beside each other', () => {
    const keys = parseEncryptionKeys(`aws:kms:${kmsKey},${oldEntry},cn:kms:${kmsKey.replace('aws', 'aws-cn')}`);
    expect(keys).toMatchObject([
      { kid: 'aws', kmsKeyArn: kmsKey },
      { kid: '2025', key: expect.anything() },
      { kid: 'cn', kmsKeyArn: 'arn:aws-cn:kms:eu-central-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab' },
    ]);
  });

  const material = randomBytes(32).toString('base64');
  it.each([
    ['empty', '', 1],
    ['a key without kid', material, 1],
    ['an empty kid', `:${material}`, 1],
    ['a kid with a full stop', `a.b:${material}`, 1],
    ['a key of 16 bytes', entry('a', 16), 1],
    ['a key of 33 bytes', entry('a', 33), 1],
    ['a key that is not base64', `${entry('a')},b:${material.slice(0, -1)}!`, 2],
    ['a key without padding', `a:${material.slice(0, -1)}`, 1],
    ['a third part', `a:${material}:${material}`, 1],
    ['a comma at the end', `${entry('a')},`, 2],
    ['a KMS key without a kid', `kms:${kmsKey}`, 1],
    ['a KMS key without ARN', 'a:kms:', 1],
    ['an alias of a KMS key', `a:kms:arn:aws:kms:eu-central-1:111122223333:alias/everhook`, 1],
    ['the id of a KMS key alone', `${entry('a')},b:kms:1234abcd-12ab-34cd-56ef-1234567890ab`, 2],
    ['the ARN of something else', 'a:kms:arn:aws:s3:eu-central-1:111122223333:key/x', 1],
    ['a kid twice', `${entry('a')},${entry('b')},a:${material}`, 3],
  ])('is refused with one line naming the entry when it is %s', (_what, text, position) => {
    const message = messageOf(() => parseEncryptionKeys(text));
    expect(message).toMatch(new RegExp(`^ENCRYPTION_KEYS: entry ${position} .+$`));
    expect(message).not.toContain(material.slice(0, 8));
  });
});

describe('a keyring', () => {
  it('gives back any secret from the place it was encrypted for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), async (text) => {
        const ciphertext = await keyring.encrypt(new Secret(text), binding);
        expect((await keyring.decrypt(ciphertext, binding)).reveal()).toBe(text);
      }),
    );
  });

  it('writes v1.kid.wrappedDEK.nonce.ct.tag in base64url, nothing of it twice', async () => {
    const [first = '', second = ''] = await Promise.all([
      keyring.encrypt(new Secret(canary), binding),
      keyring.encrypt(new Secret(canary), binding),
    ]);
    expect(first).toMatch(/^v1\.2025\.[\w-]{80}\.[\w-]{16}\.[\w-]+\.[\w-]{22}$/);
    const parts = new Set(first.split('.').slice(2));
    expect(second.split('.').filter((part) => parts.has(part))).toEqual([]);
  });

  it('can be opened by hand from its format, and gives every record a key of its own', async () => {
    const openByHand = (key: Buffer, nonce: Buffer, sealed: Buffer, tag: Buffer, purpose: string): Buffer => {
      const kid = purpose === 'dek' ? '2025' : null;
      const aad = JSON.stringify(['v1', purpose, 'tenant-a', 'record-1', 'webhook.password', kid]);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(aad)).setAuthTag(tag);
      return Buffer.concat([decipher.update(sealed), decipher.final()]);
    };
    const deks = new Set<string>();
    for (let round = 0; round < 3; round++) {
      const parts = (await keyring.encrypt(new Secret(canary), binding)).split('.').slice(2);
      const [wrapped, nonce, sealed, tag] = parts.map((part) => Buffer.from(part, 'base64url'));
      if (!wrapped || !nonce || !sealed || !tag) throw new Error('parts are missing');
      const kek = Buffer.from(oldEntry.slice(5), 'base64');
      const dek = openByHand(kek, wrapped.subarray(0, 12), wrapped.subarray(12, 44), wrapped.subarray(44), 'dek');
      expect(openByHand(dek, nonce, sealed, tag, 'data').toString()).toBe(canary);
      deks.add(dek.toString('hex'));
    }
    expect(deks.size).toBe(3);
  });

  it.each([
    ['another tenant', { ...binding, tenantId: 'tenant-b' }],
    ['another record', { ...binding, recordId: 'record-2' }],
    ['another field', { ...binding, field: 'webhook.secret' }],
    ['the same letters cut differently', { ...binding, tenantId: 'tenant-arecord', recordId: '-1' }],
    ['parts that contain separators', { ...binding, tenantId: 'tenant-a","record-1', recordId: '' }],
  ])('does not decrypt for %s', async (_what, elsewhere) => {
    const ciphertext = await keyring.encrypt(new Secret(canary), binding);
    await expect(keyring.decrypt(ciphertext, elsewhere)).rejects.toThrow(DecryptionError);
  });

  it('does not decrypt with the wrapped key, or the data, of another record', async () => {
    const own = (await keyring.encrypt(new Secret(canary), binding)).split('.');
    const other = (await keyring.encrypt(new Secret(canary), { ...binding, recordId: 'record-2' })).split('.');
    const swapped = [own.toSpliced(2, 1, other[2] ?? ''), [...own.slice(0, 3), ...other.slice(3)]];
    for (const parts of swapped) {
      await expect(keyring.decrypt(parts.join('.'), binding)).rejects.toThrow(DecryptionError);
    }
  });

  it('refuses a ciphertext with any one bit flipped', async () => {
    const ciphertext = Buffer.from(await keyring.encrypt(new Secret('x'), binding));
    for (let bit = 0; bit < ciphertext.length * 8; bit++) {
      const flipped = Buffer.from(ciphertext);
      flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      const outcome = keyring.decrypt(flipped.toString('latin1'), binding);
      const inKid = bit >> 3 >= 3 && bit >> 3 < 7;
      await (inKid ? expect(outcome).rejects.toThrow() : expect(outcome).rejects.toThrow(DecryptionError));
    }
  });

  it.each([
    ['nothing', ''],
    ['a plaintext', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
    ['a shortened tag', 'tag'],
    ['a seventh part', 'part'],
    ['another version', 'version'],
  ])('refuses %s without printing it', async (_what, text) => {
    const good = await keyring.encrypt(new Secret(canary), binding);
    const wrong = { tag: good.slice(0, -6), part: `${good}.AAAA`, version: good.replace('v1', 'v2') }[text] ?? text;
    const failure = keyring.decrypt(wrong, binding);
    await expect(failure).rejects.toThrow(new DecryptionError());
    await expect(failure).rejects.toBeInstanceOf(DecryptionError);
  });

  it('fails closed for a key it has not, and names the kid', async () => {
    const ciphertext = await createKeyring(parseEncryptionKeys(newEntry)).encrypt(new Secret(canary), binding);
    const failure = keyring.decrypt(ciphertext, binding);
    await expect(failure).rejects.toBeInstanceOf(UnknownEncryptionKeyError);
    await expect(failure).rejects.toThrow(/\b2026\b/);
    await expect(failure).rejects.toMatchObject({ kid: '2026' });
  });

  it('does not decrypt with another key of the same kid', async () => {
    const ciphertext = await createKeyring(parseEncryptionKeys(entry('2025'))).encrypt(new Secret(canary), binding);
    await expect(keyring.decrypt(ciphertext, binding)).rejects.toThrow(DecryptionError);
  });

  it('reads with the old key and writes with the new one after a rotation', async () => {
    const before = await keyring.encrypt(new Secret(canary), binding);
    const rotated = createKeyring(parseEncryptionKeys(`${newEntry},${oldEntry}`));
    expect((await rotated.decrypt(before, binding)).reveal()).toBe(canary);
    const after = await rotated.encrypt(new Secret(canary), binding);
    expect(after).toMatch(/^v1\.2026\./);
    expect((await rotated.decrypt(after, binding)).reveal()).toBe(canary);
  });

  it('re-wraps the key of a record alone: the data stays byte for byte, and the old key is not needed any more', async () => {
    const before = await keyring.encrypt(new Secret(canary), binding);
    const after = await createKeyring(parseEncryptionKeys(`${newEntry},${oldEntry}`)).rewrap(before, binding);
    expect(after.split('.').slice(0, 2)).toEqual(['v1', '2026']);
    expect(after.split('.').slice(3)).toEqual(before.split('.').slice(3));
    const later = createKeyring(parseEncryptionKeys(newEntry));
    expect((await later.decrypt(after, binding)).reveal()).toBe(canary);
    expect(await later.rewrap(after, binding)).toBe(after);
  });

  it('re-wraps nothing that does not belong there, is altered, or has a key it has not', async () => {
    const rotated = createKeyring(parseEncryptionKeys(`${newEntry},${oldEntry}`));
    const before = await keyring.encrypt(new Secret(canary), binding);
    const [, , wrapped = ''] = before.split('.');
    const altered = before.replace(wrapped, wrapped.split('').reverse().join(''));
    await expect(rotated.rewrap(before, { ...binding, recordId: 'record-2' })).rejects.toThrow(DecryptionError);
    await expect(rotated.rewrap(altered, binding)).rejects.toThrow(DecryptionError);
    const stranger = createKeyring(parseEncryptionKeys(newEntry));
    await expect(stranger.rewrap(before, binding)).rejects.toThrow('no encryption key 2025');
  });

  it('shows neither secret nor key when it, its errors or its results are printed', async () => {
    const ciphertext = await keyring.encrypt(new Secret(canary), binding);
    const plain = await keyring.decrypt(ciphertext, binding);
    const error: unknown = await keyring.decrypt(ciphertext, { ...binding, field: 'x' }).catch((cause) => cause);
    const printed = inspect([keyring, plain, error], { showHidden: true, depth: 9 }) + JSON.stringify([plain, error]);
    expect(printed).not.toContain(canary);
    expect(printed).not.toContain(oldEntry.slice(5));
  });

  it('needs a key', () => {
    expect(() => createKeyring([])).toThrow('at least one key');
    expect(() => createKeyring(parseEncryptionKeys(`a:kms:${kmsKey}`))).toThrow('needs a client');
  });
});

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return 'nothing was thrown';
}
