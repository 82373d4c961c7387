import { ApplicationFailure, DefaultFailureConverter, type FailureConverter } from '@temporalio/common';

const asPayload = new DefaultFailureConverter({ encodeCommonAttributes: true });
const inTheClear = new DefaultFailureConverter();

/** They name a key that is missing, and nothing else: who is to mend that may have no key to read it with. */
const readable = new Set(['UnknownEncryptionKeyError', 'PayloadDecryptionError']);

/**
 * Messages and stacks of failures become payloads, which the codec encrypts: they may repeat what a receiver, a database
 * or AWS said. Bundled with the workflows, and loaded by whoever reads or writes failures outside of them.
 */
export const failureConverter: FailureConverter = {
  errorToFailure(error, payloadConverter, context) {
    const converter = readable.has(typeOf(error)) ? inTheClear : asPayload;
    return converter.errorToFailure(error, payloadConverter, context);
  },
  failureToError: (failure, payloadConverter, context) => asPayload.failureToError(failure, payloadConverter, context),
};

function typeOf(error: unknown): string {
  if (error instanceof ApplicationFailure) return error.type ?? '';
  return error instanceof Error ? error.name : '';
}
