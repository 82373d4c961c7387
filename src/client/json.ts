/**
 * JSON text of a value. A `bigint` is written as the integer that it is, if the API takes it: one that a double holds.
 * @throws TypeError for every other one, as for what JSON has no place for
 */
export function jsonOf(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member !== 'bigint') return member;
    const number = Number(member);
    if (BigInt(Number.isFinite(number) ? number : 0) !== member) {
      throw new TypeError('the API takes integers that a double holds exactly; send larger ones as strings');
    }
    return number;
  });
}
