import type { JsonObject } from './event';
import type { Contract } from './webhook';

/** One event type: what it means, what its payload must have, and a sample that is a payload. */
export interface EventType {
  name: string;
  contract: Contract;
  description: string;
  /** JSON Schema 2020-12 of the payload: requires only what the source documents, allows further keys. */
  schema: JsonObject;
  example: JsonObject;
}

const issuedCredential = {
  schema: {
    type: 'object',
    properties: {
      credentialId: { type: 'string', description: 'Identifier of the credential that was issued' },
      credentialConfigurationId: { type: 'string', description: 'The configuration it was issued from' },
      issuedAt: { type: 'string', format: 'date-time' },
    },
    additionalProperties: true,
  },
  example: {
    credentialId: '5f6a1c1e-8f0b-4f0a-9a57-0d8f1b7a3c11',
    credentialConfigurationId: 'd1b0a1f2-3c44-4b55-8e66-2a7788990011',
    issuedAt: '2026-01-15T09:30:00.000Z',
  },
};

/** Every built-in event type: the one list that publishing, subscribing, test events, OpenAPI and docs read. */
export const eventCatalogue: readonly EventType[] = [
  {
    name: 'OpenIdCredentialIssued',
    contract: 'sovrin',
    description: 'A credential was issued using the OpenID Credential Provisioning flow.',
    ...issuedCredential,
  },
  {
    name: 'OidcIssuerCredentialIssued',
    contract: 'sovrin',
    description: 'A credential was issued via the OIDC bridge.',
    ...issuedCredential,
  },
  {
    name: 'everhook.test',
    contract: 'everhook',
    description: 'A test event: publish it to see a delivery arrive.',
    schema: {
      type: 'object',
      properties: { message: { type: 'string' } },
      additionalProperties: true,
    },
    example: { message: 'Hello from Everhook' },
  },
];

const byName = new Map(eventCatalogue.map((type) => [type.name, type]));

export function findEventType(name: string): EventType | undefined {
  return byName.get(name);
}
