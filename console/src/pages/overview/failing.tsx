import { withQuery } from '../../api';
import type { FailingWebhook } from '../../api-types';
import { StatusBadge } from '../../components/badge';
import { Reason } from '../../components/reason';
import { Empty } from '../../components/states';
import { RelativeTime } from '../../components/time';
import { explain, explanations } from '../../failures';
import { useSession } from '../../session';
import { webhookName } from '../../use-webhooks';

/** Each webhook that does not get its deliveries: why, since when, and what to do first. */
export function FailingNow({ webhooks }: { webhooks: readonly FailingWebhook[] }) {
  const { may } = useSession();
  if (webhooks.length === 0) {
    return (
      <Empty title="Nothing fails" icon="check">
        <p>No webhook had a failure in the last hour, and none was disabled because of failures.</p>
      </Empty>
    );
  }
  return (
    <ul class="failing">
      {webhooks.map((webhook) => (
        <li key={webhook.webhookId}>
          <div class="failing-head">
            <a class="failing-name" href={`/console/webhooks/${webhook.webhookId}`}>
              {webhookName(webhook)}
            </a>
            <StateBadge webhook={webhook} />
            <span class="muted">
              {webhook.failingSince ? (
                <>
                  nothing got through since <RelativeTime at={webhook.failingSince} />
                </>
              ) : (
                webhook.last && (
                  <>
                    last failure <RelativeTime at={webhook.last.at} />
                  </>
                )
              )}
            </span>
          </div>
          <p class="row">
            {webhook.errors.map(({ errorClass, count }) => (
              <Reason
                key={errorClass}
                errorClass={errorClass}
                count={count}
                {...(may('deliveries:read') && {
                  href: withQuery('/console/deliveries', { webhookId: webhook.webhookId, errorClass }),
                })}
              />
            ))}
          </p>
          <p>{firstStep(webhook)}</p>
          <p class="row failing-links">
            {webhook.failed > 0 && (
              <a href={withQuery('/console/deliveries', { webhookId: webhook.webhookId, status: 'failed' })}>
                {webhook.failed.toLocaleString()} failed
              </a>
            )}
            {webhook.retrying > 0 && (
              <a href={withQuery('/console/deliveries', { webhookId: webhook.webhookId, status: 'pending' })}>
                {webhook.retrying.toLocaleString()} waiting
              </a>
            )}
            {webhook.failed > 0 && may('webhooks:write') && (
              <a href={withQuery('/console/recover', { webhookId: webhook.webhookId })}>Deliver what failed again</a>
            )}
          </p>
        </li>
      ))}
    </ul>
  );
}

function StateBadge({ webhook: { disabled, failingSince } }: { webhook: FailingWebhook }) {
  if (disabled) return <StatusBadge status="disabled" tone="bad" />;
  return failingSince ? (
    <StatusBadge status="failing" tone="bad" icon="alert" />
  ) : (
    <StatusBadge status="some failures" tone="waiting" icon="alert" />
  );
}

function firstStep({ disabled, errors, last }: FailingWebhook): string {
  if (disabled) return 'It is disabled: nothing is sent until you enable it again.';
  const [worst] = errors;
  const why = last && last.errorClass === worst?.errorClass ? explain(last) : worst && explanations[worst.errorClass];
  return why ? `${why.title}. ${why.todo[0] ?? ''}` : '';
}
