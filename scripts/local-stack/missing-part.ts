/**
 * A part of the local stack can neither be found nor installed here. The message is one line: what is missing, and the
 * command or setting that would provide it.
 */
export class MissingPartError extends Error {
  override readonly name = 'MissingPartError';

  constructor(
    readonly missing: string,
    readonly remedy: string,
  ) {
    super(`${missing}: ${remedy}`.replace(/\s*\n\s*/g, ' '));
  }
}
