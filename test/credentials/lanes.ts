import type { Place } from './clouds';

/** Does the work of all of them, as many at a time as there are places. */
export async function inLanes<T>(
  places: readonly Place[],
  work: readonly T[],
  one: (task: T, place: Place) => Promise<void>,
): Promise<void> {
  const waiting = [...work];
  await Promise.all(
    places.map(async (place) => {
      for (let task = waiting.shift(); task; task = waiting.shift()) await one(task, place);
    }),
  );
}

/** Lets so many in at a time; who is in says when it leaves. */
export function turnstile(atOnce: number): () => Promise<() => void> {
  const waiting: (() => void)[] = [];
  let free = atOnce;
  return async () => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    };
  };
}
