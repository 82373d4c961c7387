/** `everhook/client`: Everhook's API for programs in TypeScript and JavaScript, and nothing of the server. */
import type { components } from './generated/schema';

export type { Credentials } from './access-token';
export { createClient, type ClientOptions, type EverhookClient } from './client';
export { EverhookError, isEverhookError, type ErrorCode, type ErrorIssue, type ProblemCode } from './error';
export type { Fetch } from './exchange';
export type { Query, RequestInput } from './operation';
export type { Page, Paged } from './paged';
export type { CallOptions } from './send';

type Schemas = components['schemas'];
export type Attempt = Schemas['Attempt'];
export type AuditEntry = Schemas['AuditEntry'];
export type BatchResults = Schemas['BatchResults'];
export type Consent = Schemas['Consent'];
export type ConsentWithAcceptance = Schemas['ConsentWithAcceptance'];
export type CreatedWebhook = Schemas['CreatedWebhook'];
export type Credential = Schemas['Credential'];
export type Delivery = Schemas['Delivery'];
export type Event = Schemas['Event'];
export type EventType = Schemas['EventType'];
export type EventTypeBody = Schemas['EventTypeBody'];
export type ListedDelivery = Schemas['ListedDelivery'];
export type ListedEvent = Schemas['ListedEvent'];
export type NewConsent = Schemas['NewConsent'];
export type NewEvent = Schemas['NewEvent'];
export type NewWebhook = Schemas['NewWebhook'];
export type Problem = Schemas['Problem'];
export type PublishedEvent = Schemas['PublishedEvent'];
export type Webhook = Schemas['Webhook'];
export type WebhookAuth = Schemas['WebhookAuth'];
export type WebhookChanges = Schemas['WebhookChanges'];
export type WebhookStats = Schemas['WebhookStats'];
