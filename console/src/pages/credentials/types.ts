import type { Credential } from '../../api-types';

export type { Credential };
export type CredentialStatus = Credential['status'];
