import type { Format } from 'ajv';
import { fullFormats } from 'ajv-formats/dist/formats';
import type { JsonObject } from './event';

/** Longer text is of no format: some of their expressions take time in the square of its length. */
const maxFormatLength = 1_000;

/** Formats that are asserted; others say something to people only. */
const formats = new Map(
  (
    [
      ...['date-time', 'date', 'time', 'duration', 'email', 'hostname', 'ipv4', 'ipv6', 'uri', 'uri-reference'],
      ...['uuid', 'json-pointer', 'relative-json-pointer'],
    ] as (keyof typeof fullFormats)[]
  ).map((name) => [name as string, matcherOf(fullFormats[name])]),
);

/** Whether text is of a format of JSON Schema; everything is of one that is not known here. */
export function isOfFormat(text: string, format: string): boolean {
  const matches = formats.get(format);
  return !matches || (text.length <= maxFormatLength && matches(text));
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return isObject(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}

/** 19.99 is a multiple of 0.01, whatever a double makes of it. */
export function isMultiple(value: number, of: number): boolean {
  const quotient = value / of;
  return !Number.isFinite(quotient) || Math.abs(Math.round(quotient) - quotient) <= 1e-9;
}

/** As JSON Schema counts: a character beyond the basic plane is one. */
export function characterCount(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const isSecondHalf = (text.charCodeAt(index) & 0xfc00) === 0xdc00;
    if (!isSecondHalf) count += 1;
  }
  return count;
}

function matcherOf(format: Format): (text: string) => boolean {
  const validate = typeof format === 'object' && 'validate' in format ? format.validate : format;
  if (validate instanceof RegExp) return (text) => validate.test(text);
  if (typeof validate !== 'function') return () => true;
  return (text) => (validate as (text: string) => boolean)(text);
}
