import { DefaultFailureConverter } from '@temporalio/common';

/**
 * Messages and stacks of failures become payloads, which the codec encrypts: they may repeat what a receiver, a database
 * or AWS said. Bundled with the workflows, and loaded by whoever reads or writes failures outside of them.
 */
export const failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
