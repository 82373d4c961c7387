import type { JsonObject } from './event';
import type { Secret } from './secret';

/** The dialects of contracts.md that register webhooks; each has one profile in `domain/profiles`. */
export const contracts = ['everhook', 'sovrin', 'iceye', 'celcoin', 'tyk'] as const;
export type Contract = (typeof contracts)[number];

/** How Everhook authenticates at the receiver. Names as in the ICEYE contract, which the native API shares. */
export type WebhookAuth =
  | { type: 'noauth' }
  | { type: 'basic'; username: string; password: Secret }
  | { type: 'client_credential'; clientId: string; clientSecret: Secret; tokenUrl: string };

/** The part of {@link WebhookAuth} that may be shown. */
export type ShownAuth =
  | { type: 'noauth' }
  | { type: 'basic'; username: string }
  | { type: 'client_credential'; clientId: string; tokenUrl: string };

/** A registration, without any secret. */
export interface Webhook {
  tenantId: string;
  id: string;
  contract: Contract;
  /** Normalised by the URL policy when it was registered. */
  targetUrl: string;
  /** Id of contracts that show integers, counted within tenant and contract; null for the others. */
  number: number | null;
  /** What this webhook wants: names of event types, prefixes such as `invoice.*`, or `*`. */
  events: string[];
  /** Empty: events of any channel and of none; else only events of one of these. */
  channels: string[];
  /** What only its contract knows of it. */
  settings: JsonObject;
  description: string | null;
  disabled: boolean;
  auth: ShownAuth;
  /** Custom headers; values of secret ones are `[redacted]`. */
  headers: Record<string, string>;
  /** Whole exchange, DNS to end of body. */
  timeoutMs: number;
  maxRetries: number;
  createdAt: Date;
  updatedAt: Date;
}
