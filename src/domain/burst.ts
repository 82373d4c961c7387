import { longestLocalAttemptMs } from './delivery-run';
import { profiles } from './profiles';
import type { Contract } from './webhook';

/** Whether deliveries of a contract may travel together: long attempts have a run of their own that heartbeats. */
export function mayTravelTogether(contract: Contract): boolean {
  return profiles[contract].maxTimeoutMs <= longestLocalAttemptMs;
}
