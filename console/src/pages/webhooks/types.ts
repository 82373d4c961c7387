/** What the pages of webhooks read of the API. */
import type { Delivery, List, ListedDelivery, Outcomes, Webhook } from '../../api-types';

export type { Contract, Report, Reports, Stats, Webhook } from '../../api-types';
export type WebhookPage = List<Webhook>;
export type Counts = Outcomes;
export type { ListedDelivery as Delivery };
export type DeliveryWithAttempts = Delivery;
