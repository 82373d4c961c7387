import fc from 'fast-check';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { UnknownEncryptionKeyError } from '../../src/platform/keyring';
import { PayloadDecryptionError } from '../../src/platform/payload-codec';
import { codecOf, newEncryptionKey } from '../support/codec';

const [old, current] = [newEncryptionKey('2025'), newEncryptionKey('2026')];
const codec = codecOf(current);
const canary = 'maria@example.com';
const payloadOf = (value: unknown) => defaultPayloadConverter.toPayload(value) ?? {};
const valueOf = ([payload]: Payload[]) => defaultPayloadConverter.fromPayload(payload ?? {});
const text = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('latin1');
const encodeOne = async (by = codec, value: unknown = { email: canary }) => {
  const [encoded = {}] = await by.encode([payloadOf(value)]);
  return encoded;
};

const bytes = fc.uint8Array({ maxLength: 2_000 });
/** `externalPayloads` and the like stay away: they are the SDK's own. */
const anyPayload = fc.record({
  metadata: fc.dictionary(
    fc.string().filter((key) => key !== '__proto__'),
    bytes,
    { maxKeys: 4 },
  ),
  data: bytes,
});
const plain = ({ metadata, data }: Payload) => [
  Object.entries(metadata ?? {}).map(([key, value]) => [key, text(value)]),
  text(data),
];

describe('the payload codec', () => {
  it('gives back whatever it was given, in its order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyPayload, { maxLength: 4 }), async (payloads) => {
        const decoded = await codec.decode(await codec.encode(payloads));
        expect(decoded.map(plain)).toEqual(payloads.map(plain));
      }),
    );
  });

  it('leaves nothing readable but the name of the key', async () => {
    const { metadata, data } = await encodeOne();
    expect(Object.keys(metadata ?? {})).toEqual(['encoding', 'encryption-key-id', 'encryption-data-key']);
    expect(text(metadata?.encoding)).toBe('binary/encrypted');
    expect(text(metadata?.['encryption-key-id'])).toBe('2026');
    const everything = [...Object.values(metadata ?? {}), data].map(text).join();
    expect(everything).not.toContain(canary);
    expect(everything).not.toContain('json/plain');
  });

  it('never writes the same twice', async () => {
    const all = await Promise.all(Array.from({ length: 600 }, () => encodeOne()));
    expect(new Set(all.map(({ data }) => text(data).slice(0, 12))).size).toBe(600);
  });

  it('adds some 300 bytes to a payload', async () => {
    const size = ({ metadata, data }: Payload) =>
      text(data).length +
      Object.values(metadata ?? {})
        .map(text)
        .join().length;
    expect(size(await encodeOne()) - size(payloadOf({ email: canary }))).toBeLessThan(320);
  });

  it('passes by what is not encrypted: histories of before, and what other programs wrote', async () => {
    const payload = payloadOf({ email: canary });
    expect(await codec.decode([payload, {}])).toEqual([payload, {}]);
  });

  it('encrypts nothing when it is off, and still decrypts what was', async () => {
    const off = codecOf(current, { encrypt: false });
    const payload = payloadOf({ email: canary });
    expect(await off.encode([payload])).toEqual([payload]);
    expect(valueOf(await off.decode([await encodeOne()]))).toEqual({ email: canary });
  });

  it('encrypts under the first key of the ring and decrypts under any', async () => {
    const before = await encodeOne(codecOf(old));
    const rotated = codecOf(`${current},${old}`);
    expect(valueOf(await rotated.decode([before]))).toEqual({ email: canary });
    expect(text((await encodeOne(rotated)).metadata?.['encryption-key-id'])).toBe('2026');
  });

  it('says which key is missing', async () => {
    const payload = await encodeOne(codecOf(old));
    const refusal = codec.decode([payload]);
    await expect(refusal).rejects.toThrow(UnknownEncryptionKeyError);
    await expect(refusal).rejects.toThrow('2025');
  });

  it('does not decrypt in another namespace', async () => {
    const elsewhere = codecOf(current, { namespace: 'elsewhere' });
    const refusal = elsewhere.decode([await encodeOne()]);
    await expect(refusal).rejects.toThrow(PayloadDecryptionError);
    await expect(refusal).rejects.toThrow('under the encryption key 2026 does not decrypt in the namespace elsewhere');
  });

  it('does not decrypt what was altered anywhere, cut short or put together from two', async () => {
    const [one, other] = [await encodeOne(), await encodeOne(codecOf(current))];
    const data = Buffer.from(one.data ?? []);
    const flipped = (at: number) => Buffer.from(data.map((byte, index) => (index === at ? byte ^ 1 : byte)));
    const altered = [
      ...Array.from(data.keys(), (at) => ({ ...one, data: flipped(at) })),
      { ...one, data: data.subarray(0, -1) },
      { ...one, data: Buffer.alloc(0) },
      { ...one, data: null },
      { ...one, metadata: { ...one.metadata, 'encryption-data-key': other.metadata?.['encryption-data-key'] ?? data } },
    ];
    const decoded = await Promise.allSettled(altered.map((payload) => codec.decode([payload])));
    expect(decoded.map((result) => (result.status === 'rejected' ? result.reason : result))).toEqual(
      altered.map(() => expect.any(PayloadDecryptionError)),
    );
  });

  it('refuses garbage that calls itself encrypted, whatever it is', async () => {
    const encoding = Buffer.from('binary/encrypted');
    const { metadata } = await encodeOne();
    const garbage = fc.record({
      metadata: fc.oneof(
        fc.constant<Record<string, Uint8Array>>({ ...metadata }),
        fc.dictionary(fc.constantFrom('encryption-key-id', 'encryption-data-key'), bytes),
      ),
      data: bytes,
    });
    await fc.assert(
      fc.asyncProperty(garbage, async (payload) => {
        const refusal = codec.decode([{ ...payload, metadata: { ...payload.metadata, encoding } }]);
        await expect(refusal).rejects.toThrow(PayloadDecryptionError);
      }),
    );
  });
});
