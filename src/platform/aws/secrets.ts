import type { AwsPlace, CredentialType } from '../../domain/credential/credential';
import type { Secret } from '../../domain/secret';
import type { Aws } from './client';

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

export function createCredentialSecrets(aws: Aws): CredentialSecrets {
  return {
    async read({ credentialType, awsId, region, userPoolId }, signal) {
      if (credentialType === 'API_KEY') {
        const apiKey = await aws.apiGateway(region).keyValue(awsId, signal);
        return apiKey && { credentialType, apiKeyId: awsId, apiKey };
      }
      if (userPoolId === null) return null;
      const clientSecret = await aws.cognito(region).clientSecret(userPoolId, awsId, signal);
      return clientSecret && { credentialType, clientId: awsId, clientSecret };
    },
  };
}
