import { z } from 'zod';

/** Milliseconds of `250ms`, `3s`, `60m`, `24h` or `30d`; null for anything else. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text);
  if (!match) return null;
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 24 * 3_600_000 }[
    match[2] as 'ms' | 's' | 'm' | 'h' | 'd'
  ];
  return Number(match[1]) * unit;
}

/** A requests-per-time limit, such as `100/s` or `20/m`. */
export interface RateLimit {
  points: number;
  perSeconds: number;
}

/** A duration within these bounds, in milliseconds. */
export const duration = (least: string, most: string) =>
  z.string().transform((text, context) => {
    const ms = parseDuration(text);
    if (ms !== null && ms >= (parseDuration(least) ?? 0) && ms <= (parseDuration(most) ?? Infinity)) return ms;
    context.addIssue({ code: 'custom', message: `a duration such as 250ms, 3s, 60m or 24h, from ${least} to ${most}` });
    return z.NEVER;
  });

/** 0 takes a free one. */
export const port = z
  .string()
  .regex(/^\d{1,5}$/, 'a port number, 0 to 65535')
  .transform(Number)
  .refine((value) => value <= 65535, 'a port number, 0 to 65535');

/** From 1. */
export const count = z
  .string()
  .regex(/^[1-9]\d{0,5}$/, 'a whole number from 1 to 999999')
  .transform(Number);

/** As {@link RateLimit}. */
export const rate = z
  .string()
  .regex(/^[1-9]\d{0,8}\/[smh]$/, 'a rate such as 100/s or 20/m')
  .transform((text): RateLimit => {
    const [points, unit] = text.split('/') as [string, 's' | 'm' | 'h'];
    return { points: Number(points), perSeconds: { s: 1, m: 60, h: 3600 }[unit] };
  });

/** `true` or `false`. */
export const flag = z.enum(['true', 'false'], 'true or false').transform((text) => text === 'true');

/** A value that a parser of ours takes; the parser's one-line message says what is wrong. */
export const parsed = <T>(parse: (text: string) => T) =>
  z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'a readable value' });
      return z.NEVER;
    }
  });

/** How traces go to a collector. */
export const otlpProtocol = z.enum(['http/protobuf', 'http/json'], 'http/protobuf or http/json');

/** http or https. */
export const webUrl = z.url({ protocol: /^https?$/, error: 'an http or https URL' });

/** Milliseconds; null: never. */
export const disableFailingAfter = z.string().transform((text, context): number | null => {
  if (text === 'off') return null;
  const ms = parseDuration(text);
  if (ms !== null && ms >= 60_000 && ms <= 365 * 24 * 3_600_000) return ms;
  context.addIssue({ code: 'custom', message: 'off, or a duration such as 5d or 12h, from 1m to 365d' });
  return z.NEVER;
});
