import type { FaultKind } from '../support/aws/fault-proxy';
import { callsOf, struck, type Bench, type Call } from './bench';
import type { Place } from './clouds';
import { inLanes, turnstile } from './lanes';
import type { Row } from './matrix-table';
import type { Saga } from './sagas';

/**
 * Every call of every saga meets every kind of fault.
 *
 * @param options.atWork so many sagas are on their way to their fault at a time: what a busy machine takes for that counts
 *   towards a caller's deadline. Those that wait behind their fault are limited by `places` alone.
 */
export async function matrixOf(
  bench: Bench,
  options: {
    places: Place[];
    atWork: number;
    sagas: readonly Saga[];
    kinds: readonly FaultKind[];
    lasting?: 'operation';
  },
): Promise<{ rows: Row[]; problems: string[] }> {
  const { places, sagas, kinds, lasting } = options;
  const enter = turnstile(options.atWork);
  const called = new Map<Saga, Call[]>();
  await inLanes(places, sagas, async (saga, place) => {
    called.set(saga, await callsOf(bench, place, saga));
  });
  const rows = sagas.flatMap((saga) =>
    (called.get(saga) ?? []).map((call) => ({ call, name: saga.name, endings: {} as Row['endings'] })),
  );

  const problems: string[] = [];
  // Kind by kind: those that take the longest are not to come last.
  const cells = [...kinds].sort(longestFirst).flatMap((kind) => rows.map((row) => ({ row, kind })));
  await inLanes(places, cells, async ({ row, kind }, place) => {
    const { saga, operation, nth } = row.call;
    const leave = await enter();
    try {
      const fault = { kind, operation, nth, ...(lasting && { lasting }) };
      row.endings[kind] = (await struck(bench, { saga, place, fault, onStrike: leave })).ending;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      problems.push(`${saga.name}, ${operation} ${nth}, ${kind}: ${why}`);
      // The next one is not to suffer from what this one left.
      Object.assign(place, await bench.cloud.prepare(`eu-again-${problems.length}`));
    } finally {
      leave();
    }
  });
  const toRow = ({ name, call, endings }: (typeof rows)[number]): Row => ({
    saga: name,
    operation: call.operation,
    nth: call.nth,
    endings,
  });
  return { rows: rows.map(toRow), problems };
}

const longest: readonly FaultKind[] = ['hangs', 'request lost', 'breaks', 'throttled', 'answer lost', 'denied'];
const longestFirst = (one: FaultKind, other: FaultKind) => longest.indexOf(one) - longest.indexOf(other);
