import { isSecretHeader, redactedHeaderValue } from '../domain/custom-headers';
import { newId } from '../domain/ids';
import { Secret } from '../domain/secret';
import type { Keyring } from '../platform/keyring';
import { bindings } from './ciphertext-columns';
import type { Database } from './database';

/** A secret as it is stored; bound to the id it has there. */
export interface SealedSecret {
  id: string;
  field: string;
  ciphertext: string;
}

/** The part of the webhook store that encrypts: before a transaction, for it to store. */
export function createWebhookSealing(keyring: Keyring) {
  /** Before a transaction opens: KMS may take seconds, and a connection is not kept waiting for it. */
  async function seal(tenantId: string, field: string, plain: Secret): Promise<SealedSecret> {
    const id = newId();
    return { id, field, ciphertext: await keyring.encrypt(plain, bindings.webhookSecret(tenantId, id, field)) };
  }

  async function sealHeaders(tenantId: string, headers: readonly [name: string, value: string][]) {
    const sealing = headers.map(async (header): Promise<[string, SealedSecret]> => {
      const [name, value] = header;
      return [sealingKey(header), await seal(tenantId, secretHeaderField(name), new Secret(value))];
    });
    return new Map(await Promise.all(sealing));
  }

  async function addSecret(
    within: Database,
    webhook: { tenantId: string; id: string },
    sealed: SealedSecret,
  ): Promise<void> {
    await within('webhook_secrets').insert({
      tenant_id: webhook.tenantId,
      webhook_id: webhook.id,
      ...sealed,
      created_at: new Date(),
    });
  }

  /** Stores the secret ones among `headers`, whose new values are all in `sealed`, and returns them all as they may be shown. */
  async function storeHeaders(
    within: Database,
    webhook: { tenantId: string; id: string },
    headers: Record<string, string>,
    sealed: ReadonlyMap<string, SealedSecret>,
  ): Promise<Record<string, string>> {
    const secret = Object.keys(headers).filter(isSecretHeader);
    const kept = secret.filter((name) => headers[name] === redactedHeaderValue).map(secretHeaderField);
    const held = () =>
      within('webhook_secrets')
        .where({ tenant_id: webhook.tenantId, webhook_id: webhook.id })
        .andWhereLike('field', 'header:%');
    await held().whereNotIn('field', kept).delete();
    const stillHeld = new Set((await held().select<{ field: string }[]>('field')).map((row) => row.field));
    const shown: Record<string, string> = {};
    for (const [name, value] of Object.entries(headers)) {
      const added = sealed.get(sealingKey([name, value]));
      if (!isSecretHeader(name)) {
        shown[name] = value;
      } else if (added) {
        await addSecret(within, webhook, added);
        shown[name] = redactedHeaderValue;
      } else if (stillHeld.has(secretHeaderField(name))) {
        shown[name] = redactedHeaderValue;
      }
    }
    return shown;
  }

  return { seal, sealHeaders, addSecret, storeHeaders };
}

/** Those whose value is to be kept are no new ones. */
export const newSecretHeaders = (headers: Record<string, string>) =>
  Object.entries(headers).filter(([name, value]) => isSecretHeader(name) && value !== redactedHeaderValue);

export const sealingKey = (header: readonly [name: string, value: string]) => JSON.stringify(header);

const secretHeaderField = (name: string) => `header:${name.toLowerCase()}`;
