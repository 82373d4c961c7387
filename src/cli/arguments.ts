import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { consentIdOf, uuidOfConsentId } from '../domain/consent/id';
import { isUuid } from '../domain/ids';
import { parseDuration } from '../platform/config';
import { scopes, type Scope } from '../store/tenants';
import { CommandFailure, exitCodes } from './failure';

/** Parsers of options and arguments: commander prints what they throw and we exit with 2. */

export function uuid(text: string): string {
  if (!isUuid(text)) throw new InvalidArgumentError('It takes a UUID.');
  return text.toLowerCase();
}

/** The URN of a consent, or its UUID alone. */
export function consentId(text: string): string {
  const id = isUuid(text) ? text : uuidOfConsentId(text);
  if (id === null) throw new InvalidArgumentError('It takes a consent id such as urn:everhook:<UUID>.');
  return consentIdOf(id);
}

/** 1 to 200 characters that can be printed: what the tables hold. */
export function name(text: string): string {
  if (text.trim() === '' || text.length > 200 || /\p{Cc}/u.test(text)) {
    throw new InvalidArgumentError('It takes 1 to 200 printable characters.');
  }
  return text;
}

/** Comma- or blank-separated, and the option may be repeated. */
export function list(text: string, earlier: string[] = []): string[] {
  const items = text.split(/[\s,]+/).filter((item) => item !== '');
  if (items.length === 0) throw new InvalidArgumentError('It takes a comma-separated list.');
  return [...earlier, ...items];
}

export function scopeList(text: string, earlier: Scope[] = []): Scope[] {
  const known = new Map(scopes.map((scope): [string, Scope] => [scope, scope]));
  const chosen = list(text).map((item) => {
    const scope = known.get(item);
    if (!scope) throw new InvalidArgumentError(`There is no scope ${item}; there are ${scopes.join(', ')}.`);
    return scope;
  });
  return [...new Set([...earlier, ...chosen])];
}

/** Milliseconds of `500ms`, `3s`, `24h`. */
export function durationMs(text: string): number {
  const ms = parseDuration(text);
  if (ms === null) throw new InvalidArgumentError('It takes a duration such as 500ms, 3s, 60m or 24h.');
  return ms;
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It takes a whole number.');
  return Number(text);
}

/** Makes the parser of a whole number within these bounds. */
export const wholeNumberFrom =
  (least: number, most: number) =>
  (text: string): number => {
    const number = wholeNumber(text);
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It takes a whole number from ${least} to ${most}.`);
  };

export function trueOrFalse(text: string): boolean {
  if (text !== 'true' && text !== 'false') throw new InvalidArgumentError('It takes true or false.');
  return text === 'true';
}

/** RFC 3339 UTC with milliseconds, from whatever form of date and time with an offset. */
export function instant(text: string): string {
  const time = /^\d{4}-\d{2}-\d{2}(T.+(Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new InvalidArgumentError('It takes a timestamp such as 2026-01-31T09:30:00Z.');
  return new Date(time).toISOString();
}

/** A timestamp, or how long ago: `24h`. */
export function pastInstant(text: string): Date {
  const ms = parseDuration(text);
  return ms === null ? new Date(instant(text)) : new Date(Date.now() - ms);
}

/** `Name: value`, repeatable. */
export function header(text: string, earlier: Record<string, string> = {}): Record<string, string> {
  const colon = text.indexOf(':');
  if (colon < 1) throw new InvalidArgumentError('It takes "Name: value".');
  return { ...earlier, [text.slice(0, colon).trim()]: text.slice(colon + 1).trim() };
}

/**
 * All of standard input, without one line end at its end.
 * @param what for who sits at a terminal, where nothing else would say that the command waits
 */
export async function readStandardInput(what: string): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write(`everhook: ${what} is read from standard input; Ctrl-D ends it\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

/**
 * The text of a JSON object given as such, as `@file`, or as `-` for standard input. The text itself goes on:
 * parsing and printing it again could change its numbers.
 * @param option that it was given with, for the message
 */
export async function readJsonObject(source: string, option = '--payload'): Promise<string> {
  const text = await readSource(source, option);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CommandFailure(`${option} is not JSON: ${error instanceof Error ? error.message : ''}`, exitCodes.usage);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CommandFailure(`${option} takes a JSON object, such as {"message": "hello"}`, exitCodes.usage);
  }
  return text;
}

async function readSource(source: string, option: string): Promise<string> {
  if (source === '-') return readStandardInput(option);
  if (!source.startsWith('@')) return source;
  try {
    return await readFile(source.slice(1), 'utf8');
  } catch (error) {
    throw new CommandFailure(
      `${option} can't be read: ${error instanceof Error ? error.message : ''}`,
      exitCodes.usage,
    );
  }
}
