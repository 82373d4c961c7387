/** The search attributes of Everhook's workflows, all of type Keyword. */
export const SEARCH_ATTRIBUTES = ['TenantId', 'WebhookId', 'EventType', 'Contract', 'DeliveryStatus'] as const;
