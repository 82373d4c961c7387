import { z } from 'zod';

const earliest = Date.UTC(1970, 0, 1);
const latest = Date.UTC(10_000, 0, 1);

/** An RFC 3339 timestamp that a caller sends. The bounds are those of ids and of PostgreSQL. */
export const instant = z.iso
  .datetime({ offset: true, error: 'must be an RFC 3339 timestamp such as 2026-01-15T09:30:00.000Z' })
  .transform((text) => new Date(text))
  .refine((at) => at.getTime() >= earliest && at.getTime() < latest, 'must be in the years 1970 to 9999');

/** A timestamp that we send: UTC with milliseconds. */
export const timestamp = z.iso.datetime({ precision: 3 }).meta({ example: '2026-01-15T09:30:00.000Z' });
