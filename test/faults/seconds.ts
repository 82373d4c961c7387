/**
 * How long a long fault lasts: as long as promised, unless `FAULT_SECONDS` says otherwise. For trying something out; the
 * promise is what the whole suite tests.
 */
export function faultSeconds(promised: number): number {
  const asked = Number(process.env.FAULT_SECONDS || promised);
  if (!(asked > 0)) throw new Error('FAULT_SECONDS is not a number of seconds');
  return asked;
}
