import type { Summary } from './summary';

const holds = {
  'at least': (value: number, limit: number) => value >= limit,
  'at most': (value: number, limit: number) => value <= limit,
  under: (value: number, limit: number) => value < limit,
};

interface Goal {
  /** Name in the summary. */
  figure: string;
  description: string;
  bound: keyof typeof holds;
  limit: number;
  unit: string;
}

export const goals: readonly Goal[] = [
  {
    figure: 'throughputRatio',
    description: "deliveries a second, of bare Temporal's",
    bound: 'at least',
    limit: 0.7,
    unit: '',
  },
  {
    figure: 'latencyP50Ratio',
    description: "p50 at a steady rate, of bare Temporal's",
    bound: 'at most',
    limit: 1.5,
    unit: '',
  },
  {
    figure: 'latencyP50RatioAlone',
    description: 'the same, API and worker in one process',
    bound: 'at most',
    limit: 1.5,
    unit: '',
  },
  {
    figure: 'backoffWorkerMiBPeak',
    description: 'memory of a worker full of deliveries in backoff',
    bound: 'under',
    limit: 300,
    unit: ' MiB',
  },
  {
    figure: 'consentShareInTime',
    description: 'consents whose expiry was stored within 5 s of the deadline, of all',
    bound: 'at least',
    limit: 1,
    unit: '',
  },
  {
    figure: 'consentWorkerMiBPeak',
    description: 'memory of a worker with as many open consents',
    bound: 'under',
    limit: 300,
    unit: ' MiB',
  },
];

export interface Judgement {
  description: string;
  value: string;
  goal: string;
  met: boolean;
}

/** A figure that is missing has not met its goal. */
export function judge(summary: Summary): Judgement[] {
  return goals.map(({ figure, description, bound, limit, unit }) => {
    const value = Number(summary[figure] ?? NaN);
    return {
      description,
      value: `${value}${unit}`,
      goal: `${bound} ${limit}${unit}`,
      met: holds[bound](value, limit),
    };
  });
}
