import { exactTime, useNow } from '../../time';
import { clockText, passed, spansOf, type History, type Span } from './timeline';

const names = { decision: 'Time to decide', consumption: 'Time to consume' };
const waiting = { decision: 'Waiting for an approval or a rejection', consumption: 'Waiting to be consumed' };
const ended = {
  decision: { met: 'Decided in time', expired: 'Nobody decided in time', stopped: 'Revoked before a decision' },
  consumption: {
    met: 'Consumed in time',
    expired: 'Not consumed in time',
    stopped: 'Revoked before it was consumed',
  },
};

/**
 * Both deadlines as bars that run full, with what is left.
 * @param clockOffsetMs what the server's clock is ahead of this browser's
 */
export function Deadlines({ history, clockOffsetMs }: { history: History; clockOffsetMs: number }) {
  const now = useNow(1) + clockOffsetMs;
  const spans = spansOf(history);
  const hasEnded = history.steps.length > 0;
  return (
    <div class="deadlines">
      {spans.map((span) => (
        <Deadline key={span.kind} span={span} now={now} />
      ))}
      {spans.length === 1 && (
        <div class="deadline future">
          <p class="deadline-name">{names.consumption}</p>
          <p class="deadline-left faint">{hasEnded ? 'never began' : 'begins with the decision'}</p>
          <div class="deadline-track" />
        </div>
      )}
    </div>
  );
}

function Deadline({ span, now }: { span: Span; now: number }) {
  const { kind, deadline, endedAt, state } = span;
  const share = passed(span, now);
  const left = deadline - now;
  const isShort = state === 'running' && share > 0.8;
  return (
    <div class={`deadline ${state}${isShort ? ' short' : ''}`} data-deadline={kind}>
      <p class="deadline-name">{names[kind]}</p>
      <p class="deadline-left">
        {state === 'running' ? (
          <>
            <span role="timer" aria-live="off" class="deadline-clock">
              {clockText(left)}
            </span>{' '}
            left
          </>
        ) : (
          ended[kind][state]
        )}
      </p>
      <div
        class="deadline-track"
        role="progressbar"
        aria-label={`${names[kind]} that has passed`}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(share * 100)}
      >
        <span ref={(bar) => bar?.style.setProperty('width', `${share * 100}%`)} />
      </div>
      <p class="deadline-note">
        {state === 'running' ? `${waiting[kind]}, until ` : 'Until '}
        <time dateTime={new Date(deadline).toISOString()}>{exactTime(deadline)}</time>
        {endedAt !== null && state === 'met' && `; ${clockText(deadline - endedAt)} were left`}
      </p>
    </div>
  );
}
