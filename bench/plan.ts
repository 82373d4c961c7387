/** How much is measured. */
export interface Plan {
  saturation: {
    /** Of each contender, in turn. */
    rounds: number;
    /** Of a round, and of those that warm up. */
    seconds: number;
    warmUpSeconds: number;
    /** After the last arrival, workflows still end and rows are still marked: that belongs to a round. */
    tailMs: number;
  };
  latency: { rounds: number; perSecond: number; seconds: number; halfSeconds: number };
  /** `probe` of them first, to see how fast they get there; the others' first wait is longer than that by `marginMs`. */
  backoff: { deliveries: number; probe: number; marginMs: number; restMs: number };
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

/** Figures fit for a result: less than half an hour on two cores, about half of it for open consents. */
export const fullPlan: Plan = {
  saturation: { rounds: 3, seconds: 6, warmUpSeconds: 4, tailMs: 1_500 },
  latency: { rounds: 2, perSecond: 20, seconds: 20, halfSeconds: 8 },
  backoff: { deliveries: 20_000, probe: 400, marginMs: 20_000, restMs: 5_000 },
  consents: { consents: 20_000, perSecond: 40, expiring: 2_500, expiringPerSecond: 25, restSeconds: 20 },
  hanging: { queued: 2_000, perSecond: 20, seconds: 30, besideNothingSeconds: 10 },
  kill: { seconds: 10 },
  workers: { most: 3, rounds: 2, seconds: 6 },
  down: { perSecond: 500, seconds: 8, rounds: 2 },
  deadlineMs: 75 * minute,
};

/** Whether it works and whereabouts it is, in less than 3 minutes. */
export const quickPlan: Plan = {
  saturation: { rounds: 1, seconds: 1.5, warmUpSeconds: 0.7, tailMs: 500 },
  latency: { rounds: 1, perSecond: 20, seconds: 4, halfSeconds: 1.5 },
  backoff: { deliveries: 400, probe: 50, marginMs: 5_000, restMs: 1_000 },
  consents: { consents: 200, perSecond: 40, expiring: 100, expiringPerSecond: 25, restSeconds: 3 },
  hanging: { queued: 2_000, perSecond: 20, seconds: 6, besideNothingSeconds: 2 },
  kill: { seconds: 2 },
  workers: { most: 2, rounds: 1, seconds: 1.5 },
  down: { perSecond: 500, seconds: 1.5, rounds: 1 },
  deadlineMs: 10 * minute,
};

/** 100,000 of what waits, and every consent expires. Takes hours on two cores. */
export const longPlan: Plan = {
  ...fullPlan,
  backoff: { ...fullPlan.backoff, deliveries: 100_000 },
  consents: { ...fullPlan.consents, consents: 100_000, expiring: 100_000 },
  deadlineMs: 8 * 60 * minute,
};
