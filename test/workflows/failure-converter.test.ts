import { ActivityFailure, ApplicationFailure, defaultPayloadConverter } from '@temporalio/common';
import { UnknownEncryptionKeyError } from '../../src/platform/keyring';
import { failureConverter } from '../../src/workflows/failure-converter';

const canary = 'maria@example.com does not exist';
const toFailure = (error: unknown) => failureConverter.errorToFailure(error, defaultPayloadConverter);
/** What is left to read once the codec has encrypted the payloads. */
const readable = (error: unknown) =>
  JSON.stringify(toFailure(error), (key, value: unknown) =>
    key === 'encodedAttributes' || key === 'details' ? 0 : value,
  );

describe('a failure', () => {
  it('keeps message, stack, details and causes in payloads, and comes back with them', () => {
    const cause = ApplicationFailure.create({ message: canary, type: 'aws_refused', details: [canary] });
    const error = new ActivityFailure(canary, 'createApiKey', '1', 'NON_RETRYABLE_FAILURE', undefined, cause);
    expect(readable(error)).not.toContain('maria');
    expect(readable(error)).not.toContain('failure-converter.test');
    // Workflow code decides by the type.
    expect(readable(error)).toContain('aws_refused');
    const back = failureConverter.failureToError(toFailure(error), defaultPayloadConverter);
    expect(back).toMatchObject({ message: canary, cause: { message: canary, type: 'aws_refused', details: [canary] } });
    // A failure that is passed on was decoded before: it must not stay so.
    expect(readable(back)).not.toContain('maria');
    expect(readable(new Error(canary))).not.toContain('maria');
  });

  it('of a missing key can be read without one', () => {
    const missing = new UnknownEncryptionKeyError('k1');
    expect(toFailure(missing).message).toBe('no encryption key k1 in ENCRYPTION_KEYS');
    // As the SDK wraps it for an activity's arguments.
    expect(readable(ApplicationFailure.fromError(missing))).toContain('no encryption key k1');
  });
});
