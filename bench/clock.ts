/** Milliseconds of the system's monotonic clock: processes of one machine can be compared by it. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
