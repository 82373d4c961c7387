import pino from 'pino';
import { createDataKeys } from '../../src/platform/data-keys';
import { createKeyring, parseEncryptionKeys, type Keyring } from '../../src/platform/keyring';
import { newEncryptionKey } from '../support/codec';

const hour = 3_600_000;

/** A ring that can be away, as a KMS can, and counts what it is asked for. */
function fallibleRing(ring = createKeyring(parseEncryptionKeys(newEncryptionKey()))) {
  const asked = { encrypt: 0, decrypt: 0 };
  const state = { away: false };
  const through = async <T>(call: 'encrypt' | 'decrypt', work: () => Promise<T>): Promise<T> => {
    asked[call] += 1;
    if (state.away) throw new Error('the KMS is away');
    return work();
  };
  const keyring: Keyring = {
    ...ring,
    encrypt: (plain, binding) => through('encrypt', () => ring.encrypt(plain, binding)),
    decrypt: (ciphertext, binding) => through('decrypt', () => ring.decrypt(ciphertext, binding)),
  };
  return { keyring, asked, state };
}

function dataKeys() {
  const ring = fallibleRing();
  const clock = { now: 0 };
  const options = { namespace: 'default', log: pino({ level: 'silent' }), now: () => clock.now };
  const another = () => createDataKeys({ ...options, keyring: ring.keyring });
  return { ...ring, clock, another, keys: another() };
}

/** Lets what was begun in the background end. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('keys for payloads', () => {
  it('are one for an hour, however many ask at once', async () => {
    const { keys, clock, asked } = dataKeys();
    const [first, ...rest] = await Promise.all(Array.from({ length: 20 }, () => keys.current()));
    clock.now = hour - 1;
    expect(new Set([...rest, await keys.current()])).toEqual(new Set([first]));
    expect(asked.encrypt).toBe(1);
  });

  it('are renewed after it, without anybody waiting for that', async () => {
    const { keys, clock, asked } = dataKeys();
    const first = await keys.current();
    clock.now = hour;
    expect(await Promise.all([keys.current(), keys.current()])).toEqual([first, first]);
    await settled();
    expect((await keys.current()).wrapped).not.toBe(first.wrapped);
    expect(asked.encrypt).toBe(2);
  });

  it('go on while the ring is away, which is asked again a minute later', async () => {
    const { keys, clock, state, asked } = dataKeys();
    const first = await keys.current();
    Object.assign(state, { away: true });
    for (const now of [hour, hour + 1_000, hour + 59_000]) {
      clock.now = now;
      expect(await keys.current()).toBe(first);
      await settled();
    }
    expect(asked.encrypt).toBe(2);
    Object.assign(state, { away: false });
    clock.now = hour + 60_000;
    expect(await keys.current()).toBe(first);
    await settled();
    expect(await keys.current()).not.toBe(first);
  });

  it('are not there before the ring was once', async () => {
    const { keys, state } = dataKeys();
    Object.assign(state, { away: true });
    await expect(keys.current()).rejects.toThrow('the KMS is away');
    Object.assign(state, { away: false });
    await expect(keys.current()).resolves.toMatchObject({ kid: 'test' });
  });

  it('are opened once, one’s own not at all, and an outage is not remembered', async () => {
    const { keys, another, state, asked } = dataKeys();
    const { wrapped, key } = await keys.current();
    expect(await keys.open(wrapped)).toBe(key);
    expect(asked.decrypt).toBe(0);
    const reader = another();
    Object.assign(state, { away: true });
    await expect(reader.open(wrapped)).rejects.toThrow('the KMS is away');
    Object.assign(state, { away: false });
    const [one, other] = await Promise.all([reader.open(wrapped), reader.open(wrapped)]);
    expect(one).toBe(other);
    expect(one.equals(key)).toBe(true);
    expect(asked.decrypt).toBe(2);
  });
});
