import { randomBytes } from 'node:crypto';
import type { Payload } from '@temporalio/common';
import pino from 'pino';
import { createKeyring, parseEncryptionKeys } from '../../src/platform/keyring';
import { createPayloadCodec, type TemporalPayloadCodec } from '../../src/platform/payload-codec';

/** An entry of `ENCRYPTION_KEYS` with a random key. */
export const newEncryptionKey = (kid = 'test') => `${kid}:${randomBytes(32).toString('base64')}`;

/** As a process with these `ENCRYPTION_KEYS` has it. */
export function codecOf(encryptionKeys: string, { namespace = 'default', encrypt = true } = {}): TemporalPayloadCodec {
  const keyring = createKeyring(parseEncryptionKeys(encryptionKeys));
  return createPayloadCodec({ keyring, namespace, encrypt, log: pino({ level: 'silent' }) });
}

/** Every payload in a message of Temporal, however deep, as text: decoded where a codec is given. */
export async function payloadTexts(message: unknown, codec?: TemporalPayloadCodec): Promise<string[]> {
  const payloads = payloadsIn(message);
  const readable = codec ? await codec.decode(payloads) : payloads;
  return readable.map(({ metadata, data }) =>
    [...Object.values(metadata ?? {}), data ?? new Uint8Array()]
      .map((bytes) => Buffer.from(bytes).toString())
      .join(' '),
  );
}

export function payloadsIn(message: unknown): Payload[] {
  if (typeof message !== 'object' || message === null || message instanceof Uint8Array) return [];
  if (isPayload(message)) return [message];
  return Object.values(message).flatMap(payloadsIn);
}

const isPayload = (message: object): message is Payload =>
  'data' in message && message.data instanceof Uint8Array && 'metadata' in message;
