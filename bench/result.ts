import { z } from 'zod';
import type { Chart } from './charts';
import type { Summary } from './part';

/** A run as it is stored. */
export interface BenchResult {
  /** ISO 8601. */
  at: string;
  /** Names of the parts that were measured. */
  parts: string[];
  plan: object;
  /** Settings of Everhook that this run was given. */
  settings: Record<string, string>;
  summary: Summary;
  charts: Chart[];
}

const point = z.tuple([z.number(), z.number()]);

const chart = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('bars'),
    title: z.string(),
    unit: z.string(),
    series: z.array(z.string()),
    stacked: z.boolean().optional(),
    groups: z.array(z.object({ label: z.string(), values: z.array(z.number().nullable()) })),
  }),
  z.object({
    kind: z.literal('lines'),
    title: z.string(),
    x: z.string(),
    y: z.string(),
    xTicks: z.array(z.tuple([z.number(), z.string()])).optional(),
    series: z.array(z.object({ label: z.string(), points: z.array(point) })),
    marks: z.array(z.object({ x: z.number(), label: z.string() })).optional(),
  }),
]);

const stored = z.object({
  at: z.string(),
  parts: z.array(z.string()).default([]),
  plan: z.looseObject({}).default({}),
  settings: z.record(z.string(), z.string()).default({}),
  summary: z.record(z.string(), z.union([z.number(), z.string(), z.null()])),
  charts: z.array(chart).default([]),
});

/** Also of a version that kept less. @throws z.ZodError */
export function readResult(content: unknown): BenchResult {
  return stored.parse(content);
}
