import { randomBytes } from 'node:crypto';
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
