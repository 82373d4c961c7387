import { useEffect, useState } from 'preact/hooks';

/** The time now, updated every so many seconds while the page is visible. */
export function useNow(everySeconds: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && setNow(Date.now()), everySeconds * 1000);
    return () => clearInterval(timer);
  }, [everySeconds]);
  return now;
}

/** `1.4 s`, `2 min 5 s`, `3 h 2 min`, `4 d 1 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 10) return `${seconds.toFixed(1).replace(/\.0$/, '')} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const [days, hours, minutes] = [seconds / 86_400, (seconds / 3600) % 24, (seconds / 60) % 60].map(Math.floor);
  const parts = [
    ...[days ? `${days} d` : '', hours ? `${hours} h` : '', minutes ? `${minutes} min` : ''],
    ...[`${Math.floor(seconds % 60)} s`],
  ].filter((part) => part !== '' && !part.startsWith('0 '));
  return parts.slice(0, 2).join(' ');
}

/** `in 4 s`, `12 min ago`, `just now`. */
export function relative(at: number, now: number): string {
  const ms = at - now;
  if (Math.abs(ms) < 1500) return 'just now';
  // One unit is enough here: the exact time is a hover away.
  const text =
    Math.abs(ms) < 60_000
      ? `${Math.round(Math.abs(ms) / 1000)} s`
      : duration(Math.abs(ms)).replace(/ (\d+ (s|min|h))$/, '');
  return ms > 0 ? `in ${text}` : `${text} ago`;
}

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat(undefined, {
  ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' },
});

/** In the reader's time zone and language. */
export function exactTime(at: number): string {
  return exact.format(at);
}

/** Time of day with milliseconds, in the reader's time zone. */
export function clockTime(at: number): string {
  return clock.format(at);
}

/** The value of `<input type="datetime-local">`, in the reader's time zone, to the second. */
export function toLocalInput(iso: string | undefined): string {
  if (!iso || Number.isNaN(Date.parse(iso))) return '';
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** RFC 3339 of what `<input type="datetime-local">` holds; null where it is empty. */
export function fromLocalInput(value: string): string | null {
  return value === '' ? null : new Date(value).toISOString();
}
