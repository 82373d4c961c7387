import type { EventType } from '../event-type';

const issuedCredential = {
  contract: 'sovrin',
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
} as const;

/** The events of contracts section 4.1. */
export const sovrinEventTypes: readonly EventType[] = [
  {
    ...issuedCredential,
    name: 'OpenIdCredentialIssued',
    description: 'A credential was issued using the OpenID Credential Provisioning flow.',
  },
  {
    ...issuedCredential,
    name: 'OidcIssuerCredentialIssued',
    description: 'A credential was issued via the OIDC bridge.',
  },
];
