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
  /** All open at once, then all expired. Deadlines pass as fast as consents are created. */
  consents: { consents: number; perSecond: number };
  /** Nothing goes on for longer, whatever happens. */
  deadlineMs: number;
}

const minute = 60_000;

/** Figures fit for a result: about half an hour on two cores, most of it for deliveries in backoff and consents. */
export const fullPlan: Plan = {
  throughput: { rounds: 4, deliveries: 800, warmUp: 600, concurrency: 32 },
  latency: { rounds: 3, perSecond: 20, seconds: 20 },
  backoff: { deliveries: 20_000 },
  consents: { consents: 10_000, perSecond: 25 },
  deadlineMs: 45 * minute,
};

/** Whether it works and whereabouts it is, in less than 4 minutes. */
export const quickPlan: Plan = {
  throughput: { rounds: 2, deliveries: 200, warmUp: 150, concurrency: 32 },
  latency: { rounds: 2, perSecond: 20, seconds: 6 },
  backoff: { deliveries: 800 },
  consents: { consents: 500, perSecond: 25 },
  deadlineMs: 6 * minute,
};
