import type { Attempt, Delivery } from '../../api-types';
import { HeaderTable } from '../../components/headers';
import { Icon, type IconName } from '../../components/icon';
import { RelativeTime, Time } from '../../components/time';
import { explain } from '../../failures';
import { clockTime, duration } from '../../time';

/** Every attempt and every wait between them, in order, waits as long as their length says. */
export function Timeline({ delivery }: { delivery: Delivery }) {
  const { attempts, status, createdAt, completedAt, nextAttemptAt, retrySchedule } = delivery;
  const published = Date.parse(createdAt);
  return (
    <>
      <Scale delivery={delivery} />
      <ol class="timeline">
        <Moment icon="plus" tone="neutral" at={createdAt} title="Published">
          Stored, so that nothing can lose it.
        </Moment>
        {attempts.map((attempt, index) => (
          <AttemptItem
            key={attempt.number}
            attempt={attempt}
            of={retrySchedule.length + 1}
            isLast={index === attempts.length - 1}
            waitedMs={Date.parse(attempt.startedAt) - (index === 0 ? published : endOf(attempts[index - 1]))}
          />
        ))}
        {status === 'pending' && nextAttemptAt && (
          <li class="timeline-item waiting">
            {attempts.length > 0 && <Wait ms={Date.parse(nextAttemptAt) - endOf(attempts.at(-1))} verb="waits" />}
            <span class="timeline-mark">
              <Icon name="clock" />
            </span>
            <div class="timeline-body">
              <p class="timeline-title">
                Attempt {attempts.length + 1} of {retrySchedule.length + 1}{' '}
                <span class="muted">
                  due <RelativeTime at={nextAttemptAt} />
                </span>
              </p>
            </div>
          </li>
        )}
        {status === 'failed' && (
          <Moment icon="alert" tone="bad" at={completedAt} title="Gave up">
            No attempt is left.
          </Moment>
        )}
        {status === 'cancelled' && (
          <Moment icon="cancel" tone="neutral" at={completedAt} title="Cancelled">
            No further attempt is made.
          </Moment>
        )}
      </ol>
    </>
  );
}

function AttemptItem({
  attempt,
  of,
  isLast,
  waitedMs,
}: {
  attempt: Attempt;
  of: number;
  isLast: boolean;
  waitedMs: number;
}) {
  const why = explain(attempt);
  return (
    <li class={`timeline-item ${why ? 'bad' : 'good'}`}>
      <Wait ms={waitedMs} />
      <span class="timeline-mark">
        <Icon name={why ? 'alert' : 'check'} />
      </span>
      <div class="timeline-body">
        <p class="timeline-title">
          Attempt {attempt.number} of {of} <span class="muted">{clockTime(Date.parse(attempt.startedAt))}</span>
        </p>
        <p>
          {why ? why.title : `The receiver took it (${attempt.statusCode})`}{' '}
          <span class="muted">· in {duration(attempt.durationMs)}</span>{' '}
          {attempt.errorClass && <code class="tag">{attempt.errorClass}</code>}
        </p>
        {attempt.responseBody !== undefined && (
          <details open={why !== null && isLast}>
            <summary>What the receiver answered</summary>
            <pre class="excerpt" tabIndex={0}>
              {attempt.responseBody}
            </pre>
          </details>
        )}
        {attempt.responseHeaders && <AnswerHeaders attempt={attempt.number} headers={attempt.responseHeaders} />}
        {attempt.responseBody === undefined && attempt.statusCode !== null && (
          <p class="faint">The answer had no body.</p>
        )}
      </div>
    </li>
  );
}

function AnswerHeaders({ attempt, headers }: { attempt: number; headers: Record<string, string> }) {
  const shown = Object.entries(headers).map(([name, value]) => ({ name, value }));
  if (shown.length === 0) return null;
  return (
    <details>
      <summary>Its headers ({shown.length})</summary>
      <HeaderTable caption={`Headers of the answer to attempt ${attempt}`} headers={shown} />
    </details>
  );
}

function Moment({
  icon,
  tone,
  at,
  title,
  children,
}: {
  icon: IconName;
  tone: string;
  at: string | null;
  title: string;
  children: string;
}) {
  return (
    <li class={`timeline-item ${tone}`}>
      <span class="timeline-mark">
        <Icon name={icon} />
      </span>
      <div class="timeline-body">
        <p class="timeline-title">
          {title}{' '}
          <span class="muted">
            <Time at={at} precise />
          </span>
        </p>
        <p class="muted">{children}</p>
      </div>
    </li>
  );
}

/** Drawn longer the longer it was, by orders of magnitude: 10 ms and an hour fit on one page. */
function Wait({ ms, verb = 'waited' }: { ms: number; verb?: string }) {
  if (ms < 100) return <span class="timeline-wait short" aria-hidden="true" />;
  const height = Math.round(18 + 9 * Math.log10(ms / 100));
  return (
    <span class="timeline-wait" style={{ height: `${height}px` }}>
      {verb} {duration(ms)}
    </span>
  );
}

/** The same to scale, from publication to the end: where the time went. */
function Scale({ delivery: { attempts, createdAt, completedAt, nextAttemptAt } }: { delivery: Delivery }) {
  const from = Date.parse(createdAt);
  const to = Math.max(Date.parse(completedAt ?? nextAttemptAt ?? createdAt), endOf(attempts.at(-1)) || from);
  const whole = to - from;
  if (attempts.length < 2 || whole <= 0) return null;
  const at = (time: number) => `${((time - from) / whole) * 100}%`;
  return (
    <div class="scale" aria-hidden="true">
      <div class="scale-bar">
        {attempts.map((attempt) => {
          const start = Date.parse(attempt.startedAt);
          return (
            <span
              key={attempt.number}
              class={attempt.errorClass === null ? 'good' : 'bad'}
              style={{ left: at(start), width: at(from + attempt.durationMs) }}
              title={`Attempt ${attempt.number}: ${duration(attempt.durationMs)}`}
            />
          );
        })}
      </div>
      <div class="scale-ends">
        <span>0</span>
        <span>{duration(whole)}</span>
      </div>
    </div>
  );
}

function endOf(attempt: Attempt | undefined): number {
  return attempt ? Date.parse(attempt.startedAt) + attempt.durationMs : Number.NaN;
}
