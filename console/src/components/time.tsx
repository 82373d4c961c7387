import { clockTime, duration, exactTime, relative, useNow } from '../time';

/** A time as one reads it, its exact form in the tooltip. `at`: RFC 3339; null shows a dash. */
export function Time({ at, precise }: { at: string | null | undefined; precise?: boolean }) {
  if (!at) return <Dash />;
  const ms = Date.parse(at);
  return (
    <time dateTime={at} title={at}>
      {precise ? clockTime(ms) : exactTime(ms)}
    </time>
  );
}

/** `12 min ago`, `in 4 s`: moves on by itself. */
export function RelativeTime({ at }: { at: string | null | undefined }) {
  const now = useNow(at && Math.abs(Date.parse(at) - Date.now()) < 120_000 ? 1 : 15);
  if (!at) return <Dash />;
  return (
    <time dateTime={at} title={exactTime(Date.parse(at))}>
      {relative(Date.parse(at), now)}
    </time>
  );
}

/** What is left until then, second by second; `over` from then on. Not read out at each second. */
export function Countdown({ until, over = 'over' }: { until: string; over?: string }) {
  const now = useNow(1);
  const left = Date.parse(until) - now;
  return (
    <span class="countdown" role="timer" aria-live="off" title={exactTime(Date.parse(until))}>
      {left > 0 ? duration(left) : over}
    </span>
  );
}

export function Dash() {
  return (
    <span class="faint dash" role="img" aria-label="none">
      –
    </span>
  );
}
