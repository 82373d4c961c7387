import type { Step } from './saga';

/** A credential as the API shows it. */
export interface Credential {
  id: string;
  appName: string;
  appSlug: string | null;
  developer: string;
  credentialType: 'API_KEY' | 'CLIENT_CREDENTIALS';
  status: CredentialStatus;
  apiKeyId?: string | null;
  clientId?: string | null;
  usagePlans: string[];
  scopes?: string[];
  steps: Step[];
  createdAt: string;
  updatedAt: string;
  workflowId: string;
  temporalUrl: string | null;
}

export type CredentialStatus = 'provisioning' | 'active' | 'failed' | 'revoking' | 'revoked' | 'compensation_failed';
