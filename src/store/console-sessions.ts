import { newId } from '../domain/ids';
import type { AuditStore, NewAuditEntry } from './audit';
import type { Database } from './database';
import type { Scope } from './tenants';

/** Somebody who is signed in at the console. Its token is known only as a SHA-256 digest. */
export interface ConsoleSession {
  id: string;
  /** Null: an operator's, which may act for any tenant. */
  tenantId: string | null;
  /** Null: opened by a link. */
  clientId: string | null;
  scopes: Scope[];
  createdAt: Date;
  lastSeenAt: Date;
  /** However much it is used. */
  expiresAt: Date;
}

/** What opens one session. Its code is known only as a SHA-256 digest. */
export interface ConsoleLink {
  id: string;
  /** Null: an operator's. */
  tenantId: string | null;
  scopes: Scope[];
  expiresAt: Date;
}

/** Where a change comes from, for the audit log. */
export type Origin = Pick<NewAuditEntry, 'address' | 'requestId'>;

/** A working day. */
export const sessionLifetimeMs = 12 * 3_600_000;
/** Unused for so long, a session is over. */
export const sessionIdleMs = 3_600_000;
/** Of one client; more of them end the oldest. */
export const mostSessionsOfClient = 20;

const isAlive = `s.expires_at > now() AND s.last_seen_at > now() - ${sessionIdleMs} * interval '1 ms'`;

interface SessionRow {
  id: string;
  tenant_id: string | null;
  client_id: string | null;
  scopes: Scope[];
  created_at: Date;
  last_seen_at: Date;
  expires_at: Date;
}

const toSession = (row: SessionRow): ConsoleSession => ({
  id: row.id,
  tenantId: row.tenant_id,
  clientId: row.client_id,
  scopes: row.scopes,
  createdAt: row.created_at,
  lastSeenAt: row.last_seen_at,
  expiresAt: row.expires_at,
});

interface LinkRow {
  id: string;
  tenant_id: string | null;
  scopes: Scope[];
  expires_at: Date;
}

const toLink = (row: LinkRow): ConsoleLink => ({
  id: row.id,
  tenantId: row.tenant_id,
  scopes: row.scopes,
  expiresAt: row.expires_at,
});

export type ConsoleSessionStore = ReturnType<typeof createConsoleSessionStore>;

export function createConsoleSessionStore(database: Database, audit: Pick<AuditStore, 'append'>) {
  /**
   * Whoever makes sessions also removes those that are over, and those that a client has too many of: every sign-in looks at
   * all there are, and a program that signs in and in must not make that long for others.
   */
  async function open(
    session: { tenantId: string | null; clientId: string | null; scopes: readonly Scope[]; tokenDigest: Buffer },
    within: Database,
    entry: Origin & { actor: string },
  ): Promise<ConsoleSession> {
    await within.raw(`DELETE FROM console_sessions s WHERE NOT (${isAlive})`);
    if (session.clientId !== null) {
      await within.raw(
        `DELETE FROM console_sessions WHERE id IN (
           SELECT id FROM console_sessions WHERE tenant_id = ? AND client_id = ? ORDER BY id DESC OFFSET ?
         )`,
        [session.tenantId, session.clientId, mostSessionsOfClient - 1],
      );
    }
    const now = new Date();
    const [row] = await within('console_sessions')
      .insert({
        id: newId(now),
        tenant_id: session.tenantId,
        client_id: session.clientId,
        token_digest: session.tokenDigest,
        scopes: [...session.scopes],
        created_at: now,
        last_seen_at: now,
        expires_at: new Date(now.getTime() + sessionLifetimeMs),
      })
      .returning<SessionRow[]>('*');
    if (!row) throw new Error('insert returned no session');
    await audit.append({ ...entryOf(row, 'open'), ...entry }, within);
    return toSession(row);
  }

  return {
    /** For who has shown that they are the client. */
    async openByClient(
      client: { tenantId: string; id: string; scopes: readonly Scope[] },
      tokenDigest: Buffer,
      origin: Origin,
    ): Promise<ConsoleSession> {
      const { tenantId, id: clientId, scopes } = client;
      return database.transaction((within) =>
        open({ tenantId, clientId, scopes, tokenDigest }, within, { ...origin, actor: `client:${clientId}` }),
      );
    },

    /** Of two who use a link at the same time one gets in. Null: it is used, expired or unknown. */
    async openByLink(codeDigest: Buffer, tokenDigest: Buffer, origin: Origin): Promise<ConsoleSession | null> {
      return database.transaction(async (within) => {
        const { rows } = await within.raw<{ rows: LinkRow[] }>(
          `UPDATE console_links SET used_at = now()
           WHERE code_digest = ? AND used_at IS NULL AND expires_at > now() RETURNING *`,
          [codeDigest],
        );
        if (!rows[0]) return null;
        const { id, tenantId, scopes } = toLink(rows[0]);
        return open({ tenantId, clientId: null, scopes, tokenDigest }, within, { ...origin, actor: `link:${id}` });
      });
    },

    /** The session of a token, unless it or its client is over; it counts as used now. */
    async find(tokenDigest: Buffer): Promise<ConsoleSession | null> {
      const { rows } = await database
        .raw<{ rows: SessionRow[] }>(
          `WITH found AS MATERIALIZED (
             SELECT s.* FROM console_sessions s
             LEFT JOIN clients c ON c.tenant_id = s.tenant_id AND c.id = s.client_id
             WHERE s.token_digest = ? AND ${isAlive} AND c.revoked_at IS NULL
           ), used AS (
             UPDATE console_sessions s SET last_seen_at = now()
             FROM found WHERE s.id = found.id AND found.last_seen_at < now() - interval '1 minute'
           )
           SELECT * FROM found`,
          [tokenDigest],
        )
        .options({ name: 'console_session' });
      return rows[0] ? toSession(rows[0]) : null;
    },

    /** Ends a session, by whoever is in it unless `actor` says otherwise. Null: no such session. */
    async close(
      which: { id: string } | { tokenDigest: Buffer },
      origin: Origin & { actor?: string },
    ): Promise<ConsoleSession | null> {
      const row = 'id' in which ? { id: which.id } : { token_digest: which.tokenDigest };
      return database.transaction(async (within) => {
        const [closed] = await within('console_sessions').where(row).delete().returning<SessionRow[]>('*');
        if (!closed) return null;
        await audit.append({ ...entryOf(closed, 'close'), ...origin }, within);
        return toSession(closed);
      });
    },

    /** Those that are not over, newest first; `tenantId`: of this tenant only. */
    async list(tenantId?: string): Promise<ConsoleSession[]> {
      const rows = await database('console_sessions as s')
        .leftJoin('clients as c', (on) => on.on('c.tenant_id', 's.tenant_id').on('c.id', 's.client_id'))
        .whereRaw(isAlive)
        .whereNull('c.revoked_at')
        .modify((q) => {
          if (tenantId) void q.where('s.tenant_id', tenantId);
        })
        .orderBy('s.id', 'desc')
        .select<SessionRow[]>('s.*');
      return rows.map(toSession);
    },

    /** A link that opens one session. Removes those whose time is long over, too. */
    async createLink(
      link: { tenantId: string | null; scopes: readonly Scope[]; codeDigest: Buffer; lifetimeMs: number },
      origin: Origin & { actor: string },
    ): Promise<ConsoleLink> {
      return database.transaction(async (within) => {
        await within('console_links').where('expires_at', '<', within.raw(`now() - interval '1 day'`)).delete();
        const now = new Date();
        const [row] = await within('console_links')
          .insert({
            id: newId(now),
            tenant_id: link.tenantId,
            code_digest: link.codeDigest,
            scopes: [...link.scopes],
            created_at: now,
            expires_at: new Date(now.getTime() + link.lifetimeMs),
          })
          .returning<LinkRow[]>('*');
        if (!row) throw new Error('insert returned no link');
        await audit.append({ ...linkEntryOf(row, 'create'), fields: ['scopes'], ...origin }, within);
        return toLink(row);
      });
    },

    /** Takes a link back that was not used yet. Null: there is no such link any more. */
    async revokeLink(id: string, origin: Origin & { actor: string }): Promise<ConsoleLink | null> {
      return database.transaction(async (within) => {
        const unused = within('console_links').where({ id, used_at: null });
        const [row] = await unused.delete().returning<LinkRow[]>('*');
        if (!row) return null;
        await audit.append({ ...linkEntryOf(row, 'revoke'), ...origin }, within);
        return toLink(row);
      });
    },

    /** Also one that is used or expired. */
    async findLink(codeDigest: Buffer): Promise<ConsoleLink | null> {
      const row = await database('console_links').where({ code_digest: codeDigest }).first<LinkRow | undefined>();
      return row ? toLink(row) : null;
    },
  };
}

const entryOf = (row: SessionRow, what: 'open' | 'close') => ({
  tenantId: row.tenant_id,
  actor: sessionActor({ id: row.id, tenantId: row.tenant_id }),
  action: `console_session.${what}`,
  objectType: 'console_session',
  objectId: row.id,
  fields: [],
  outcome: 'success' as const,
});

const linkEntryOf = (row: LinkRow, what: 'create' | 'revoke') => ({
  tenantId: row.tenant_id,
  action: `console_link.${what}`,
  objectType: 'console_link',
  objectId: row.id,
  fields: [],
  outcome: 'success' as const,
});

/** How the audit log names who acts in a session. */
export const sessionActor = ({ id, tenantId }: Pick<ConsoleSession, 'id' | 'tenantId'>): string =>
  `${tenantId === null ? 'operator' : 'session'}:${id}`;
