import { EncryptionKeyUnavailable } from '../../platform/keyring';
import { TemporalUnavailable } from '../../platform/temporal';
import { InvalidCursor } from '../../store/cursor';
import { classifyStoreError, StoreUnavailable } from '../../store/database';
import { PayloadGone } from '../../store/redelivery';
import { TooManyWebhooks } from '../../store/webhook-cap';
import { ApiError, conflict } from './api-error';

/** Seconds after which an outage is worth another try. */
const retryAfter = { 'Retry-After': '2' };

/** The one place that decides what the caller is told about anything thrown; a bug of ours is told nothing of. */
export function classify(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof InvalidCursor) {
    const issues = [{ path: ['cursor'], message: 'must be the nextCursor of a page before' }];
    return new ApiError('validation-failed', 'The query is not valid.', { issues, source: 'query' });
  }
  if (error instanceof TooManyWebhooks) return conflict(`There are ${error.limit} webhooks already: remove one first.`);
  if (error instanceof PayloadGone) return conflict('The payload of its event is no longer kept.');
  if (classifyStoreError(error) instanceof StoreUnavailable) {
    return new ApiError('unavailable', 'The database is unavailable; try again.', { headers: retryAfter });
  }
  if (error instanceof TemporalUnavailable) {
    return new ApiError('unavailable', 'The workflow service is unavailable; try again.', { headers: retryAfter });
  }
  if (error instanceof EncryptionKeyUnavailable) {
    return new ApiError('unavailable', 'The key service is unavailable; try again.', { headers: retryAfter });
  }
  return new ApiError('internal-error', 'Something went wrong on our side.');
}
