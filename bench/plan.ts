/** How much is measured. */
export interface Plan {
  throughput: {
    /** Of each contender, in turn. */
    rounds: number;
    /** A round. */
    deliveries: number;
    /** Before anything is measured: code gets compiled, tables get statistics. */
    warmUp: number;
    /** Publishers at once. */
    concurrency: number;
  };
  latency: { rounds: number; perSecond: number; seconds: number };
  backoff: { deliveries: number };
  /** Nothing goes on for longer, whatever happens. */
  deadlineMs: number;
}

const minute = 60_000;

/** Figures fit for a result: about 15 minutes on two cores, most of them for the deliveries in backoff. */
export const fullPlan: Plan = {
  throughput: { rounds: 4, deliveries: 800, warmUp: 600, concurrency: 32 },
  latency: { rounds: 3, perSecond: 20, seconds: 20 },
  backoff: { deliveries: 20_000 },
  deadlineMs: 45 * minute,
};

/** Whether it works and whereabouts it is, in less than 3 minutes. */
export const quickPlan: Plan = {
  throughput: { rounds: 2, deliveries: 200, warmUp: 150, concurrency: 32 },
  latency: { rounds: 2, perSecond: 20, seconds: 6 },
  backoff: { deliveries: 800 },
  deadlineMs: 6 * minute,
};
