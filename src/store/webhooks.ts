import type { JsonObject } from '../domain/event';
import { newId } from '../domain/ids';
import { profiles } from '../domain/profiles';
import type { Secret } from '../domain/secret';
import type { Contract, ShownAuth, Webhook, WebhookAuth } from '../domain/webhook';
import { secretOf, shownAuth } from '../domain/webhook-auth';
import type { Keyring } from '../platform/keyring';
import { secretsInForce } from './attempt-sql';
import type { AuditStore, NewAuditEntry } from './audit';
import { bindings } from './ciphertext-columns';
import { idBounds, toPage, type ListQuery, type Page } from './cursor';
import type { Database } from './database';
import { makeRoomForWebhook } from './webhook-cap';
import { createWebhookSealing, newSecretHeaders, sealingKey, type SealedSecret } from './webhook-sealing';

export interface NewWebhook {
  tenantId: string;
  contract: Contract;
  targetUrl: string;
  events: string[];
  description?: string | null;
  disabled: boolean;
  auth: WebhookAuth;
  headers: Record<string, string>;
  timeoutMs: number;
  maxRetries: number;
  channels?: string[];
  settings?: JsonObject;
  /** Whether it gets a `number`. */
  numbered?: boolean;
  signingSecret: Secret;
}

/** What may change; a key that is absent stays. `headers` replaces all, `[redacted]` keeping a secret one's value. */
export interface WebhookPatch {
  targetUrl?: string;
  events?: string[];
  description?: string | null;
  disabled?: boolean;
  timeoutMs?: number;
  maxRetries?: number;
  headers?: Record<string, string>;
  channels?: string[];
  /** Replaces them all. */
  settings?: JsonObject;
}

export interface WebhookRow {
  tenant_id: string;
  id: string;
  contract: Contract;
  target_url: string;
  events: string[];
  description: string | null;
  disabled: boolean;
  auth: ShownAuth;
  headers: Record<string, string>;
  timeout_ms: number;
  max_retries: number;
  number: number | null;
  channels: string[];
  settings: JsonObject;
  created_at: Date;
  updated_at: Date;
}

const toWebhook = (row: WebhookRow): Webhook => ({
  tenantId: row.tenant_id,
  id: row.id,
  contract: row.contract,
  targetUrl: row.target_url,
  number: row.number,
  events: row.events,
  channels: row.channels,
  settings: row.settings,
  description: row.description,
  disabled: row.disabled,
  auth: row.auth,
  headers: row.headers,
  timeoutMs: row.timeout_ms,
  maxRetries: row.max_retries,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

/** One encrypted secret as a delivery loads it. */
export interface StoredSecret {
  id: string;
  field: string;
  ciphertext: string;
}

/** Secrets of a webhook in the clear, for the time of one attempt. */
export interface WebhookSecrets {
  /** Current first, then those in their grace period. */
  signing: Secret[];
  /** The password or client secret of its authentication; the id changes with every new value. */
  auth: { id: string; value: Secret } | null;
  /** By lower-case header name. */
  headers: Map<string, Secret>;
}

/** What a try to change a webhook came to: done, or values that have to be sealed first. */
type Updated = { webhook: Webhook | null } | { toSeal: [name: string, value: string][] };

/** Each of them is a signature in a header of every request. */
const maxGracedSecrets = 4;

export type WebhookStore = ReturnType<typeof createWebhookStore>;

/** @param perTenant how many webhooks a tenant may have */
export function createWebhookStore(
  database: Database,
  keyring: Keyring,
  audit: AuditStore,
  { perTenant = Infinity } = {},
) {
  const { seal, sealHeaders, addSecret, storeHeaders } = createWebhookSealing(keyring);

  /** Deleted webhooks count too: a number is never used again. */
  async function nextNumber(within: Database, { tenantId, contract }: NewWebhook): Promise<number> {
    await within.raw('SELECT pg_advisory_xact_lock(hashtextextended(?, 0))', [
      `webhook-number/${tenantId}/${contract}`,
    ]);
    const last = await within('webhooks')
      .where({ tenant_id: tenantId, contract })
      .max<{ number: number | null }[]>('number as number');
    return (last[0]?.number ?? 0) + 1;
  }

  const live = (tenantId: string, within: Database = database) =>
    within('webhooks').where({ tenant_id: tenantId }).whereNull('deleted_at');

  /** Decrypts what a delivery loaded. Fails closed on an unknown key id. */
  async function openSecrets(tenantId: string, stored: readonly StoredSecret[]): Promise<WebhookSecrets> {
    const opened: WebhookSecrets = { signing: [], auth: null, headers: new Map() };
    const plains = await Promise.all(
      stored.map(({ id, field, ciphertext }) =>
        keyring.decrypt(ciphertext, bindings.webhookSecret(tenantId, id, field)),
      ),
    );
    for (const [index, plain] of plains.entries()) {
      const { id = '', field = '' } = stored[index] ?? {};
      if (field === 'signing') opened.signing.push(plain);
      else if (field === 'auth') opened.auth = { id, value: plain };
      else opened.headers.set(field.slice('header:'.length), plain);
    }
    return opened;
  }

  return {
    /**
     * `first` happens in the same transaction before it; what it throws keeps the webhook from being made.
     * @throws TooManyWebhooks
     */
    async create(
      webhook: NewWebhook,
      entry: Omit<NewAuditEntry, 'objectId'>,
      first?: (within: Database) => Promise<void>,
    ): Promise<Webhook> {
      const now = new Date();
      const key = { tenantId: webhook.tenantId, id: newId(now) };
      const sealedHeaders = await sealHeaders(key.tenantId, newSecretHeaders(webhook.headers));
      const authSecret = secretOf(webhook.auth);
      const secrets = [await seal(key.tenantId, 'signing', webhook.signingSecret)];
      if (authSecret) secrets.push(await seal(key.tenantId, 'auth', authSecret));
      return database.transaction(async (within) => {
        await makeRoomForWebhook(within, key.tenantId, perTenant);
        await first?.(within);
        const [row] = await within('webhooks')
          .insert({
            tenant_id: key.tenantId,
            id: key.id,
            contract: webhook.contract,
            target_url: webhook.targetUrl,
            events: webhook.events,
            description: webhook.description ?? null,
            disabled: webhook.disabled,
            auth: JSON.stringify(shownAuth(webhook.auth)),
            timeout_ms: webhook.timeoutMs,
            max_retries: webhook.maxRetries,
            number: webhook.numbered ? await nextNumber(within, webhook) : null,
            channels: webhook.channels ?? [],
            settings: JSON.stringify(settingsFor(webhook.contract, webhook.settings ?? {}, webhook.headers)),
            created_at: now,
            updated_at: now,
          })
          .returning<WebhookRow[]>('*');
        if (!row) throw new Error('insert returned no webhook');
        const headers = await storeHeaders(within, key, webhook.headers, sealedHeaders);
        await within('webhooks')
          .where({ tenant_id: key.tenantId, id: key.id })
          .update({ headers: JSON.stringify(headers) });
        for (const secret of secrets) await addSecret(within, key, secret);
        await audit.append({ ...entry, objectId: key.id }, within);
        return toWebhook({ ...row, headers });
      });
    },

    /** Null for an unknown id, another tenant's, a deleted one, or one of another contract when `contract` is given. */
    async find(tenantId: string, id: string, contract?: Contract): Promise<Webhook | null> {
      const row = await live(tenantId)
        .where({ id, ...(contract ? { contract } : {}) })
        .first<WebhookRow | undefined>();
      return row ? toWebhook(row) : null;
    },

    /** By the number that its contract shows; null as in `find`. */
    async findByNumber(tenantId: string, contract: Contract, number: number): Promise<Webhook | null> {
      const row = await live(tenantId).where({ contract, number }).first<WebhookRow | undefined>();
      return row ? toWebhook(row) : null;
    },

    /** A page by position, oldest first, and how many there are in all: for contracts whose lists have page numbers. */
    async listNumbered(
      tenantId: string,
      contract: Contract,
      { offset, limit }: { offset: number; limit: number },
    ): Promise<{ webhooks: Webhook[]; total: number }> {
      const rows = await live(tenantId)
        .where({ contract })
        .orderBy('number')
        .offset(offset)
        .limit(limit)
        .select<WebhookRow[]>('*');
      const [counted] = await live(tenantId).where({ contract }).count<{ count: number }[]>('* as count');
      return { webhooks: rows.map(toWebhook), total: counted?.count ?? 0 };
    },

    async list(
      tenantId: string,
      query: ListQuery & { contract?: Contract; disabled?: boolean },
    ): Promise<Page<Webhook>> {
      const { below, from } = idBounds(query);
      const rows = await live(tenantId)
        .modify((q) => {
          if (query.contract) void q.where('contract', query.contract);
          if (query.disabled !== undefined) void q.where('disabled', query.disabled);
          if (below) void q.where('id', '<', below);
          if (from) void q.where('id', '>=', from);
        })
        .orderBy('id', 'desc')
        .limit(query.limit + 1)
        .select<WebhookRow[]>('*');
      return toPage(rows, query.limit, (row) => row.id, toWebhook);
    },

    /**
     * The webhook as it is afterwards; null as in `find`. The next attempt of any delivery sees it.
     * @param change what changes, or what follows from the webhook as it is now, while nobody else can change it;
     * when that throws nothing changes
     */
    async update(
      tenantId: string,
      id: string,
      change: WebhookPatch | ((current: Webhook, within: Database) => WebhookPatch | Promise<WebhookPatch>),
      entry: Omit<NewAuditEntry, 'objectId'>,
      contract?: Contract,
    ): Promise<Webhook | null> {
      const attempt = (sealed: ReadonlyMap<string, SealedSecret>) =>
        database.transaction(async (within): Promise<Updated> => {
          const current = await live(tenantId, within)
            .where({ id, ...(contract ? { contract } : {}) })
            .forUpdate()
            .first<WebhookRow | undefined>();
          if (!current) return { webhook: null };
          const patch = typeof change === 'function' ? await change(toWebhook(current), within) : change;
          const toSeal = newSecretHeaders(patch.headers ?? {}).filter((header) => !sealed.has(sealingKey(header)));
          if (toSeal.length > 0) return { toSeal };
          const headers = patch.headers && (await storeHeaders(within, { tenantId, id }, patch.headers, sealed));
          const [row] = await within('webhooks')
            .where({ tenant_id: tenantId, id })
            .update({
              ...(patch.targetUrl !== undefined && { target_url: patch.targetUrl }),
              ...(patch.events !== undefined && { events: patch.events }),
              ...(patch.description !== undefined && { description: patch.description }),
              ...(patch.disabled !== undefined && { disabled: patch.disabled }),
              // Enabled again, or pointed elsewhere, it has all the time again.
              ...(((patch.disabled === false && current.disabled) ||
                (patch.targetUrl !== undefined && patch.targetUrl !== current.target_url)) && { failing_since: null }),
              ...(patch.timeoutMs !== undefined && { timeout_ms: patch.timeoutMs }),
              ...(patch.maxRetries !== undefined && { max_retries: patch.maxRetries }),
              ...(headers && { headers: JSON.stringify(headers) }),
              ...(patch.channels && { channels: patch.channels }),
              settings: JSON.stringify(
                settingsFor(current.contract, patch.settings ?? current.settings, headers ?? current.headers),
              ),
              updated_at: new Date(),
            })
            .returning<WebhookRow[]>('*');
          await audit.append({ ...entry, objectId: id }, within);
          return { webhook: row ? toWebhook(row) : null };
        });
      // What follows from the webhook as it is now shows only there: nothing is changed until all of it is sealed.
      const sealed = new Map<string, SealedSecret>();
      for (;;) {
        const updated = await attempt(sealed);
        if ('webhook' in updated) return updated.webhook;
        for (const [key, secret] of await sealHeaders(tenantId, updated.toSeal)) sealed.set(key, secret);
      }
    },

    /** False as `find` gives null. Its secrets are removed; its deliveries stay and end as cancelled. */
    async remove(
      tenantId: string,
      id: string,
      entry: Omit<NewAuditEntry, 'objectId'>,
      contract?: Contract,
    ): Promise<boolean> {
      return database.transaction(async (within) => {
        const count = await live(tenantId, within)
          .where({ id, ...(contract ? { contract } : {}) })
          .update({ deleted_at: new Date(), updated_at: new Date() });
        if (count === 0) return false;
        await within('webhook_secrets').where({ tenant_id: tenantId, webhook_id: id }).delete();
        await audit.append({ ...entry, objectId: id }, within);
        return true;
      });
    },

    /**
     * Makes `secret` the one that signs first; the one before it signs too for `graceSeconds` (0: not at all).
     * Those before that keep their own grace; of many, the newest few.
     * False as `find` gives null.
     */
    async rotateSecret(
      tenantId: string,
      id: string,
      secret: Secret,
      graceSeconds: number,
      entry: Omit<NewAuditEntry, 'objectId'>,
    ): Promise<boolean> {
      const sealed = await seal(tenantId, 'signing', secret);
      return database.transaction(async (within) => {
        const current = await live(tenantId, within).where({ id }).forUpdate().first<WebhookRow | undefined>();
        if (!current) return false;
        const signing = () =>
          within('webhook_secrets').where({ tenant_id: tenantId, webhook_id: id, field: 'signing' });
        const graceEnd = new Date(Date.now() + graceSeconds * 1000);
        await signing().whereNull('expires_at').update({ expires_at: graceEnd });
        await signing().where('expires_at', '<=', new Date()).delete();
        const graced = await signing().orderBy('id', 'desc').select<{ id: string }[]>('id');
        const tooMany = graced.slice(maxGracedSecrets).map((row) => row.id);
        await signing().whereIn('id', tooMany).delete();
        await addSecret(within, { tenantId, id }, sealed);
        await within('webhooks').where({ tenant_id: tenantId, id }).update({ updated_at: new Date() });
        await audit.append({ ...entry, objectId: id }, within);
        return true;
      });
    },

    /** What signs its deliveries now: the current secret first, then those in their grace period. */
    async signingSecrets(tenantId: string, id: string): Promise<Secret[]> {
      const { rows } = await database.raw<{ rows: { secrets: StoredSecret[] | null }[] }>(
        `SELECT ${secretsInForce('?', '?')} AS secrets`,
        [tenantId, id],
      );
      const signing = (rows[0]?.secrets ?? []).filter(({ field }) => field === 'signing');
      return (await openSecrets(tenantId, signing)).signing;
    },

    openSecrets,
  };
}

function settingsFor(contract: Contract, settings: JsonObject, headers: Record<string, string>): JsonObject {
  return profiles[contract].settingsFor?.(settings, headers) ?? settings;
}
