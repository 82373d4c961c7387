import { redactedHeaderValue } from '../../domain/custom-headers';
import { spelled } from '../../domain/event-types/tyk';
import { profiles } from '../../domain/profiles';
import { matchesType } from '../../domain/subscription';
import { numberHeaders, tykSettings, type TykSettings } from '../../domain/tyk-settings';
import type { Webhook } from '../../domain/webhook';
import type { WebhookStore } from '../../store/webhooks';
import { invalid, notFound, type Issue } from '../errors/api-error';
import type { TykHeader, TykWebhook } from '../schemas/tyk';

/** The part of a webhook that its custom headers are kept in. */
type WithHeaders = Pick<Webhook, 'headers' | 'settings'>;

export const maxTykHeaders = 20;

/** Finds a webhook by the ID in a path. @throws ApiError 404 */
export function findTykWebhook(webhooks: Pick<WebhookStore, 'findByNumber'>) {
  return async (tenantId: string, id = ''): Promise<Webhook> => {
    const webhook = await webhooks.findByNumber(tenantId, 'tyk', Number(id));
    if (!webhook) throw notFound();
    return webhook;
  };
}

/** A webhook as Tyk's portal shows it. */
export function presentTykWebhook(webhook: Webhook): TykWebhook {
  const { method, spelling } = tykSettings(webhook);
  // A subscription to `*`, which the native API can make, is shown as what it stands for.
  const events = webhook.events.flatMap((pattern) =>
    profiles.tyk.eventTypes.filter(({ name }) => matchesType(pattern, name)).map(({ name }) => name),
  );
  return {
    ID: webhook.number ?? 0,
    Name: webhook.description ?? '',
    URL: webhook.targetUrl,
    Method: method,
    Timeout: Math.ceil(webhook.timeoutMs / 1000),
    Headers: tykHeaders(webhook),
    Events: [...new Set(events)].map((name) => spelled(name, spelling)),
    CreatedAt: toMinute(webhook.createdAt),
    UpdatedAt: toMinute(webhook.updatedAt),
  };
}

/** Its custom headers, oldest first. */
export function tykHeaders(webhook: WithHeaders): TykHeader[] {
  const { headerIds } = numberHeaders(tykSettings(webhook), Object.keys(webhook.headers));
  return Object.entries(webhook.headers)
    .map(([Name, Value]) => ({ ID: headerIds[Name.toLowerCase()] ?? 0, Name, Value }))
    .sort((one, other) => one.ID - other.ID);
}

/**
 * What changes when these become a webhook's headers. One that names the ID of a header replaces it, also under
 * another name; one without an ID replaces the header of its name, or is new.
 * @param placeOf where in the body a header stands
 * @throws ApiError 422
 */
export function replaceHeaders(
  webhook: WithHeaders,
  sent: readonly { ID?: number | undefined; Name: string; Value: string }[],
  placeOf: (index: number) => Issue['path'],
): { headers: Record<string, string>; settings: TykSettings } {
  const held = tykHeaders(webhook);
  const issues: Issue[] = [];
  const names = new Set<string>();
  const headerIds = new Map<string, number>();
  const claimed = new Set<number>();
  const named = new Set(sent.map(({ ID }) => ID));
  sent.forEach(({ ID, Name, Value }, index) => {
    const report = (key: string, message: string) => issues.push({ path: [...placeOf(index), key], message });
    const lower = Name.toLowerCase();
    const before = held.find((header) =>
      ID === undefined ? header.Name.toLowerCase() === lower && !named.has(header.ID) : header.ID === ID,
    );
    if (names.has(lower)) report('Name', 'is the name of another header');
    if (ID !== undefined && !before) report('ID', 'is not the ID of a header of this webhook');
    if (ID !== undefined && claimed.has(ID)) report('ID', 'is there twice');
    if (Value === redactedHeaderValue && before?.Name.toLowerCase() !== lower) {
      report('Value', 'has no value that could be kept');
    }
    names.add(lower);
    if (ID !== undefined) claimed.add(ID);
    if (before) headerIds.set(lower, before.ID);
  });
  if (sent.length > maxTykHeaders)
    issues.push({ path: ['Headers'], message: `must not be more than ${maxTykHeaders}` });
  if (issues.length > 0) throw invalid(issues);
  return {
    headers: Object.fromEntries(sent.map(({ Name, Value }) => [Name, Value])),
    settings: { ...tykSettings(webhook), headerIds: Object.fromEntries(headerIds) },
  };
}

/** `2026-01-15 09:30`, in UTC. */
function toMinute(at: Date): string {
  return at.toISOString().slice(0, 16).replace('T', ' ');
}
