/** `everhook/verify`: what a receiver of webhooks needs, and nothing of the server. */
export { fetchedKeys, type FetchedKeysOptions, type Jwks, type KeySource } from './key-set';
export type { Clock, ReceivedHeaders, ReceivedRequest } from './received-request';
export { verifySovrin, type SovrinRequest } from './sovrin';
export {
  verifyStandardWebhooks,
  verifyStandardWebhooksSignature,
  type Secrets,
  type StandardWebhooksRequest,
} from './standard-webhooks';
export { verifyTyk, type VerifiedTykEvent } from './tyk';
export { VerificationError, verificationCodes, type VerificationCode } from './verification-error';
export type { VerifiedEvent } from './verified-event';
