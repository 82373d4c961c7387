/** Answers of the API as the console reads them: made from its OpenAPI document, so that they can't drift from it. */
import type { components } from '../../src/client/generated/schema';

type Schemas = components['schemas'];

export interface List<Item> {
  data: Item[];
  nextCursor: string | null;
}

export type ListedDelivery = Schemas['ListedDelivery'];
export type Delivery = Schemas['Delivery'];
export type Attempt = Schemas['Attempt'];
export type DeliveryRequest = Schemas['DeliveryRequest'];
export type Webhook = Schemas['Webhook'];
export type Contract = Webhook['contract'];
export type StoredEvent = Schemas['Event'];

/** Deliveries by the time that they were made, bucket by bucket without gaps. */
export type DeliveryTrend = Schemas['DeliveryTrend'];
export type TrendFigures = DeliveryTrend['total'];
/** How many deliveries became what. */
export type Outcomes = TrendFigures['deliveries'];
export type Failing = Schemas['Failing'];
export type FailingWebhook = Failing['webhooks'][number];

/** How every webhook is. */
export type Reports = Schemas['WebhookReports'];
export type Report = Reports['data'][number];
/** Of one webhook. */
export type Stats = Schemas['WebhookStats'];

export type Consent = Schemas['Consent'];
export type Credential = Schemas['Credential'];
export type EventType = Schemas['EventType'];
