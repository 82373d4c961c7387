import { parseProcessStat } from '../../bench/process-usage';

it('reads parent and processor times of a process whose command looks like fields', () => {
  const line =
    '4242 (a) S 1 b) R 77 4242 4242 0 -1 4194560 1000 2000 0 0 150 50 30 7 20 0 11 0 12345 1000000 2500 18446744073709551615';
  expect(parseProcessStat(line)).toEqual({
    command: 'a) S 1 b',
    parentPid: 77,
    cpuMs: 2_000,
    endedChildrenCpuMs: 370,
  });
});
