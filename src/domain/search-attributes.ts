/**
 * Names of the search attributes of all workflows, each of type Keyword. `DeliveryStatus` is the delivery's status, and
 * `retrying` while it is pending after a failed attempt. PostgreSQL as Temporal's visibility store has room for ten.
 */
export const searchAttributeNames = [
  'TenantId',
  'WebhookId',
  'EventType',
  'Contract',
  'DeliveryStatus',
  'ConsentType',
  'ConsentStatus',
  'CredentialType',
  'CredentialStatus',
] as const;
