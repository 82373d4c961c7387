import type { Summary } from './part';

const holds = {
  'at least': (value: number, limit: number) => value >= limit,
  'at most': (value: number, limit: number) => value <= limit,
  under: (value: number, limit: number) => value < limit,
};

interface Condition {
  /** Name in the summary. */
  figure: string;
  bound: keyof typeof holds;
  limit: number;
  unit: string;
}

interface Goal extends Condition {
  description: string;
  /** The goal is met as well when this holds. */
  or?: Condition;
  /** The part that measures it, by its name; two where it takes both. */
  parts: readonly string[];
}

const perSecond = '/s';

export const goals: readonly Goal[] = [
  {
    parts: ['throughput'],
    description: 'single POSTs: deliveries a second',
    ...{ figure: 'everhookDeliveriesPerSecond', bound: 'at least', limit: 1_000, unit: perSecond },
    or: { figure: 'throughputRatio', bound: 'at least', limit: 15, unit: " times bare Temporal's" },
  },
  {
    parts: ['throughput'],
    description: 'batches of 100: events accepted a second',
    ...{ figure: 'batchAcceptedPerSecond', bound: 'at least', limit: 3_000, unit: perSecond },
  },
  {
    parts: ['latency', 'bare'],
    description: "p50 at 20/s in one process, of bare Temporal's with eager start",
    ...{ figure: 'latencyP50RatioEager', bound: 'at most', limit: 1, unit: '' },
  },
  {
    parts: ['latency'],
    description: 'p99 at 20/s in one process, of its p50',
    ...{ figure: 'aloneP99ToP50', bound: 'at most', limit: 3, unit: '' },
  },
  {
    parts: ['latency', 'bare'],
    description: "p50 at 20/s, API and worker a process each, of bare Temporal's",
    ...{ figure: 'latencyP50Ratio', bound: 'at most', limit: 1.5, unit: '' },
  },
  {
    parts: ['hanging'],
    description: "a tenant's p95 beside one whose receiver hangs",
    ...{ figure: 'hangingHealthyP95Ms', bound: 'under', limit: 100, unit: ' ms' },
  },
  ...killGoals('killRestart', 'the only worker killed'),
  ...killGoals('killSecond', 'one of two workers killed'),
  {
    parts: ['down'],
    description: "a healthy receiver's throughput beside one that is down, of that beside nothing",
    ...{ figure: 'downHealthyRatio', bound: 'at least', limit: 0.8, unit: '' },
  },
  {
    parts: ['backoff'],
    description: 'memory of a worker full of deliveries in backoff',
    ...{ figure: 'backoffWorkerMiBPeak', bound: 'under', limit: 300, unit: ' MiB' },
  },
  {
    parts: ['consents'],
    description: 'consents whose expiry was stored within 5 s of the deadline, of all',
    ...{ figure: 'consentShareInTime', bound: 'at least', limit: 1, unit: '' },
  },
  {
    parts: ['consents'],
    description: 'memory of a worker with as many open consents',
    ...{ figure: 'consentWorkerMiBPeak', bound: 'under', limit: 300, unit: ' MiB' },
  },
];

function killGoals(name: string, what: string): Goal[] {
  const figure = (rest: string) => `${name}${rest}`;
  return [
    {
      parts: ['kill'],
      description: `${what}: deliveries lost`,
      ...{ figure: figure('Lost'), bound: 'at most', limit: 0, unit: '' },
    },
    {
      parts: ['kill'],
      description: `${what}: duplicates beyond the attempts in flight`,
      ...{ figure: figure('DuplicatesBeyondInFlight'), bound: 'at most', limit: 0, unit: '' },
    },
    {
      parts: ['kill'],
      description: `${what}: until deliveries flow again`,
      ...{ figure: figure('FlowsAgainSeconds'), bound: 'at most', limit: 10, unit: ' s' },
    },
  ];
}

export interface Judgement {
  description: string;
  value: string;
  goal: string;
  met: boolean;
}

/** The goals of the parts that were measured. A figure that is missing then has not met its goal. */
export function judge(summary: Summary, measured: readonly string[]): Judgement[] {
  return goals
    .filter(({ parts }) => parts.every((part) => measured.includes(part)))
    .map((goal) => {
      const conditions: Condition[] = goal.or ? [goal, goal.or] : [goal];
      return {
        description: goal.description,
        value: conditions.map(({ figure, unit }) => `${summary[figure] ?? '–'}${unit}`).join(', '),
        goal: conditions.map(({ bound, limit, unit }) => `${bound} ${limit}${unit}`).join(' or '),
        met: conditions.some(({ figure, bound, limit }) => holds[bound](Number(summary[figure] ?? NaN), limit)),
      };
    });
}
