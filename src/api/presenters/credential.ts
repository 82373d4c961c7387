import { usagePlansOf, type Credential, type CredentialStep } from '../../domain/credential/credential';
import { credentialWorkflowId } from '../../domain/credential-run';
import type { ShownCredential } from '../schemas/credential';
import { runPage, type WebUi } from './web-ui';

export function presentCredential(
  credential: Credential,
  steps: readonly CredentialStep[],
  webUi: WebUi,
): ShownCredential {
  const { id, appName, appSlug, developer, credentialType, status, awsId, scopes, apis } = credential;
  const workflowId = credentialWorkflowId(credential);
  return {
    id,
    appName,
    appSlug,
    developer,
    credentialType,
    status,
    ...(credentialType === 'API_KEY' ? { apiKeyId: awsId } : { clientId: awsId, scopes }),
    usagePlans: usagePlansOf(apis),
    steps: steps.map((step) => ({
      operation: step.operation,
      name: step.name,
      status: step.status,
      at: step.at.toISOString(),
      ...(step.error !== null && { error: step.error }),
    })),
    createdAt: credential.createdAt.toISOString(),
    updatedAt: credential.updatedAt.toISOString(),
    workflowId,
    temporalUrl: runPage(workflowId, webUi),
  };
}
