/** How much is measured. */
export interface Plan {
  saturation: {
    /** Of each contender, in turn. */
    rounds: number;
    /** Of a round, and of those that warm up. */
    seconds: number;
    warmUpSeconds: number;
  };
  latency: { rounds: number; perSecond: number; seconds: number; halfSeconds: number };
  backoff: { deliveries: number; probe: number };
  /** All open at once. Of them, `expiring` expire at `expiringPerSecond`. */
  consents: { consents: number; perSecond: number; expiring: number; expiringPerSecond: number; restSeconds: number };
  hanging: { queued: number; perSecond: number; seconds: number; besideNothingSeconds: number };
  kill: { seconds: number };
  workers: { most: number; rounds: number; seconds: number };
  down: { perSecond: number; seconds: number; rounds: number };
  /** Nothing goes on for longer, whatever happens. */
  deadlineMs: number;
}

const minute = 60_000;

/** Figures fit for a result: about 25 minutes on two cores, more than half of it for open consents. */
export const fullPlan: Plan = {
  saturation: { rounds: 3, seconds: 8, warmUpSeconds: 4 },
  latency: { rounds: 3, perSecond: 20, seconds: 20, halfSeconds: 8 },
  backoff: { deliveries: 20_000, probe: 400 },
  consents: { consents: 20_000, perSecond: 40, expiring: 4_000, expiringPerSecond: 25, restSeconds: 20 },
  hanging: { queued: 2_000, perSecond: 20, seconds: 30, besideNothingSeconds: 10 },
  kill: { seconds: 10 },
  workers: { most: 3, rounds: 2, seconds: 6 },
  down: { perSecond: 500, seconds: 8, rounds: 2 },
  deadlineMs: 75 * minute,
};

/** Whether it works and whereabouts it is, in less than 3 minutes. */
export const quickPlan: Plan = {
  saturation: { rounds: 1, seconds: 2, warmUpSeconds: 1 },
  latency: { rounds: 1, perSecond: 20, seconds: 5, halfSeconds: 2 },
  backoff: { deliveries: 500, probe: 100 },
  consents: { consents: 200, perSecond: 40, expiring: 100, expiringPerSecond: 25, restSeconds: 5 },
  hanging: { queued: 2_000, perSecond: 20, seconds: 8, besideNothingSeconds: 3 },
  kill: { seconds: 3 },
  workers: { most: 3, rounds: 1, seconds: 2 },
  down: { perSecond: 500, seconds: 2, rounds: 1 },
  deadlineMs: 10 * minute,
};

/** 100,000 of what waits, and every consent expires. Takes hours on two cores. */
export const longPlan: Plan = {
  ...fullPlan,
  backoff: { ...fullPlan.backoff, deliveries: 100_000 },
  consents: { ...fullPlan.consents, consents: 100_000, expiring: 100_000 },
  deadlineMs: 8 * 60 * minute,
};
