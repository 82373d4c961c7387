import type { Log } from '../../scripts/local-stack/log';
import { pendingDeliveries } from './account';

const everyMs = 10_000;
const toldEvery = 30;

/** Watches how many deliveries are pending; `stop` tells the most there were at once. */
export function watchBacklog(databaseUrl: string, log: Log): { stop(): number } {
  let [most, looks] = [0, 0];
  const looking = setInterval(() => {
    pendingDeliveries(databaseUrl).then(
      (pending) => {
        most = Math.max(most, pending);
        looks += 1;
        if (looks % toldEvery === 0) log(`${pending} deliveries are pending, at most there were ${most}`);
      },
      // It was just killed.
      () => {},
    );
  }, everyMs);
  return {
    stop() {
      clearInterval(looking);
      return most;
    },
  };
}
