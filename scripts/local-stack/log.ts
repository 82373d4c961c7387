/** Receives one line of progress, without a line end. */
export type Log = (line: string) => void;

/** Progress goes to standard error: standard output carries addresses that programs read. */
export const logToStderr: Log = (line) => {
  process.stderr.write(`${line}\n`);
};
