import type { Delivery } from '../../api-types';
import { Icon, type IconName } from '../../components/icon';
import { RelativeTime } from '../../components/time';
import { explain } from '../../failures';
import { duration } from '../../time';

/** At a glance: what became of it, why, and what to do. */
export function Diagnosis({ delivery }: { delivery: Delivery }) {
  const { status, attempts, retrySchedule, nextAttemptAt, completedAt, createdAt } = delivery;
  const last = attempts.at(-1);
  const why = last && explain(last);
  const left = retrySchedule.length + 1 - attempts.length;
  const next = nextAttemptAt !== null && Date.parse(nextAttemptAt) > Date.now() + 500;

  if (status === 'delivered') {
    const took = completedAt ? duration(Date.parse(completedAt) - Date.parse(createdAt)) : '';
    const text =
      attempts.length > 1
        ? `It took ${attempts.length} attempts and ${took}. The receiver answered ${last?.statusCode ?? '2xx'}.`
        : `At the first attempt, ${took} after it was published. The receiver answered ${last?.statusCode ?? '2xx'}.`;
    return <Callout tone="good" icon="check" title="Delivered" text={text} />;
  }
  if (status === 'cancelled') {
    return (
      <Callout
        tone="neutral"
        icon="cancel"
        title="Cancelled"
        text="Somebody cancelled it, or its webhook was disabled or deleted before it was delivered. Nothing more is sent; it can be delivered again while the webhook is enabled."
      />
    );
  }
  if (status === 'pending' && !why) {
    return (
      <Callout
        tone="waiting"
        icon="clock"
        title="On its way"
        text="No attempt was made yet. If it stays so for more than some seconds, no worker is running: operators see it on /readyz of the workers."
      />
    );
  }
  if (!why || !last) return null;
  return (
    <section class={`diagnosis ${status === 'failed' ? 'bad' : 'waiting'}`} aria-label="Why, and what to do">
      <Icon name="alert" />
      <div>
        <h2>{why.title}</h2>
        <p>
          {why.meaning}{' '}
          {status === 'failed' ? (
            <strong>All {attempts.length} attempts were made: it is not tried again by itself.</strong>
          ) : (
            <strong>
              {next ? (
                <>
                  It is tried again <RelativeTime at={nextAttemptAt} />
                </>
              ) : (
                'It is being tried again now'
              )}
              , {left === 1 ? 'for the last time' : `${left} attempts are left`}.
            </strong>
          )}
        </p>
        <h3>What to do</h3>
        <ol>
          {why.todo.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
        {last.errorClass && (
          <p>
            <a href={`/console/errors/${last.errorClass}`}>
              More about <code>{last.errorClass}</code>
            </a>
          </p>
        )}
      </div>
    </section>
  );
}

function Callout({ tone, icon, title, text }: { tone: string; icon: IconName; title: string; text: string }) {
  return (
    <section class={`diagnosis ${tone}`} aria-label="What became of it">
      <Icon name={icon} />
      <div>
        <h2>{title}</h2>
        <p>{text}</p>
      </div>
    </section>
  );
}
