import type { AnswerOf, BodyOf, Caller, ItemOf, OperationId, QueryOf } from './operation';
import type { Paged } from './paged';
import { createEvents } from './events';
import type { CallOptions } from './send';

/** Everhook's own API by resource. Every method throws EverhookError, or the reason of an aborted signal. */
export function createResources(caller: Caller) {
  const { call, list } = caller;

  const lister =
    <Id extends OperationId>(id: Id) =>
    (query?: QueryOf<Id>, options?: CallOptions): Paged<ItemOf<Id>> =>
      list(id, query, options);

  const consentAction =
    <Id extends 'approveConsent' | 'rejectConsent' | 'consumeConsent' | 'revokeConsent'>(id: Id) =>
    (consentId: string, body?: BodyOf<Id>, options?: CallOptions): Promise<AnswerOf<Id>> =>
      // Accepted once however often it is asked for.
      call(id, { path: { consentId }, body, isRepeatable: true }, options);

  return {
    events: createEvents(caller),

    /** Event types: built-in ones, and the tenant's own. */
    eventTypes: {
      list: lister('listEventTypes'),
      /** @param name of the type, or an alias */
      get: (name: string, options?: CallOptions) => call('getEventType', { path: { name } }, options),
      /** Makes a type of the tenant's own, or replaces it. */
      put: (name: string, body: BodyOf<'putEventType'>, options?: CallOptions) =>
        call('putEventType', { path: { name }, body }, options),
      delete: async (name: string, options?: CallOptions): Promise<void> => {
        await call('deleteEventType', { path: { name } }, options);
      },
    },

    webhooks: {
      /** The answer's `secret` is shown this once. */
      create: (body: BodyOf<'createWebhook'>, options?: CallOptions) => call('createWebhook', { body }, options),
      /** Of every contract, newest first. */
      list: lister('listWebhooks'),
      get: (id: string, options?: CallOptions) => call('getWebhook', { path: { id } }, options),
      /** What is left out stays as it is; `headers` replaces them all. */
      update: (id: string, body: BodyOf<'changeWebhook'>, options?: CallOptions) =>
        call('changeWebhook', { path: { id }, body }, options),
      /** Its secrets are destroyed, its pending deliveries end as cancelled. */
      delete: async (id: string, options?: CallOptions): Promise<void> => {
        await call('deleteWebhook', { path: { id } }, options);
      },
      /** Both secrets sign during the grace; the new one is shown this once. */
      rotateSecret: (id: string, body?: BodyOf<'rotateWebhookSecret'>, options?: CallOptions) =>
        call('rotateWebhookSecret', { path: { id }, body }, options),
      /** Delivers a sample event, to this webhook only. */
      test: (id: string, options?: CallOptions) => call('testWebhook', { path: { id } }, options),
      /** Delivers again what failed in [since, until); with `dryRun` only counts it. */
      recover: (id: string, body: BodyOf<'recoverWebhook'>, options?: CallOptions) =>
        call('recoverWebhook', { path: { id }, body, isRepeatable: body.dryRun === true }, options),
      /** How its deliveries went; of the last 24 hours unless `since` says so. */
      stats: (id: string, query?: QueryOf<'getWebhookStats'>, options?: CallOptions) =>
        call('getWebhookStats', { path: { id }, query }, options),
    },

    deliveries: {
      /** Newest first, without attempts. */
      list: lister('listDeliveries'),
      /** With its attempts. */
      get: (id: string, options?: CallOptions) => call('getDelivery', { path: { id } }, options),
      /** Pending: the next attempt is now. Ended: the event is delivered again, as a new delivery. The id of either. */
      retry: (id: string, options?: CallOptions) => call('retryDelivery', { path: { id } }, options),
      /** Ends a pending one; 409 when it is finished. */
      cancel: (id: string, options?: CallOptions) => call('cancelDelivery', { path: { id } }, options),
      /** What an attempt sent, the last one unless said: made again from what is stored, without what is secret. */
      request: (id: string, query?: QueryOf<'getDeliveryRequest'>, options?: CallOptions) =>
        call('getDeliveryRequest', { path: { id }, query }, options),
    },

    /** Figures over time; those of one webhook are `webhooks.stats`. */
    stats: {
      /** Deliveries by outcome, in buckets of time. */
      deliveries: (query?: QueryOf<'getDeliveryTrend'>, options?: CallOptions) =>
        call('getDeliveryTrend', { query }, options),
      /** Webhooks at which something fails now, and why. */
      failing: (query?: QueryOf<'getFailing'>, options?: CallOptions) => call('getFailing', { query }, options),
      /** Of every webhook, how it does. */
      webhooks: (query?: QueryOf<'listWebhookReports'>, options?: CallOptions) =>
        call('listWebhookReports', { query }, options),
    },

    /**
     * Consents. An action that was accepted and not carried out within 5 s is answered with `acceptedAt` and the consent
     * as it was: it will be carried out.
     */
    consents: {
      create: (body: BodyOf<'createConsent'>, options?: CallOptions) => call('createConsent', { body }, options),
      list: lister('listConsents'),
      get: (consentId: string, options?: CallOptions) => call('getConsent', { path: { consentId } }, options),
      /** Its steps so far, with both deadlines. */
      history: (consentId: string, options?: CallOptions) =>
        call('getConsentHistory', { path: { consentId } }, options),
      approve: consentAction('approveConsent'),
      reject: consentAction('rejectConsent'),
      consume: consentAction('consumeConsent'),
      revoke: consentAction('revokeConsent'),
    },

    /** Credentials that portals asked for; never a key's value. */
    credentials: {
      list: lister('listCredentials'),
      /** With every step on AWS. */
      get: (id: string, options?: CallOptions) => call('getCredential', { path: { id } }, options),
    },

    /** Who did what. */
    audit: {
      list: lister('listAudit'),
    },

    /** Without an access token. */
    health: {
      /** Whether the process answers. */
      live: (options?: CallOptions) => call('live', {}, options),
      /** Whether PostgreSQL and Temporal can be reached: told, not thrown, when they can not. */
      ready: (options?: CallOptions) => call('ready', { alsoGood: [503] }, options),
      /** The OpenAPI document of the version that runs. */
      openApi: (options?: CallOptions) => call('getOpenApi', {}, options),
    },
  };
}
