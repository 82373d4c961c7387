import type { AwsPlace, CredentialType } from '../../domain/credential/credential';
import type { Secret } from '../../domain/secret';

/** What the caller of create gets: exactly one pair. */
export type HandedOverCredential =
  | { credentialType: 'API_KEY'; apiKeyId: string; apiKey: Secret }
  | { credentialType: 'CLIENT_CREDENTIALS'; clientId: string; clientSecret: Secret };

/** Reads what only AWS keeps. */
export interface CredentialSecrets {
  /**
   * Null: AWS has no such key or client (any more).
   * @throws AwsFailure
   */
  read(
    credential: AwsPlace & { credentialType: CredentialType; awsId: string },
    signal?: AbortSignal,
  ): Promise<HandedOverCredential | null>;
}
