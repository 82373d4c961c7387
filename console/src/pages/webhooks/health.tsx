import { StatusBadge } from '../../components/badge';
import { RelativeTime, Time } from '../../components/time';
import { duration } from '../../time';
import { errorTexts } from './contracts';
import type { Report, Webhook } from './types';

/** Whether it is enabled, and if all is not well, that. */
export function WebhookBadge({ webhook, report }: { webhook: Webhook; report: Report | undefined }) {
  if (webhook.disabled) {
    return report?.disabled?.by === 'worker' ? (
      <StatusBadge status="disabled" tone="bad" icon="alert" text="disabled for failing" />
    ) : (
      <StatusBadge status="disabled" />
    );
  }
  if (report?.failingSince) return <StatusBadge status="failing" tone="bad" icon="alert" text="failing" />;
  return <StatusBadge status="enabled" />;
}

/** Share of the deliveries that ended which arrived, drawn and written. */
export function SuccessRate({ report }: { report: Report | undefined }) {
  if (!report || report.successRate === null) return <span class="faint">nothing sent</span>;
  const { successRate } = report;
  const tone = successRate >= 0.99 ? 'good' : successRate >= 0.9 ? 'waiting' : 'bad';
  return (
    <span class={`rate ${tone}`}>
      <span class="rate-bar" aria-hidden="true">
        <span style={{ width: `${successRate * 100}%` }} />
      </span>
      {percent(successRate)}
    </span>
  );
}

/** `99.9 %`: never 100 as long as one failed. */
export function percent(rate: number): string {
  const tenths = Math.floor(rate * 1000) / 10;
  return `${tenths % 1 === 0 ? tenths : tenths.toFixed(1)} %`;
}

export function LastFailure({ report }: { report: Report | undefined }) {
  const failure = report?.lastFailure;
  if (!failure) return <span class="faint">none in 24 h</span>;
  return (
    <>
      {errorTexts[failure.errorClass]}, <RelativeTime at={failure.at} />
    </>
  );
}

/** Why nothing is sent, or nothing arrives, and what to do about it; nothing where all is well. */
export function Trouble({ webhook, report }: { webhook: Webhook; report: Report | undefined }) {
  if (webhook.disabled && report?.disabled?.by === 'worker') {
    return (
      <div class="note bad" role="note">
        <p>
          <strong>Disabled by Everhook</strong> on <Time at={report.disabled.at} />: no attempt had arrived since{' '}
          <Time at={report.failingSince} />
          {report.failingSince && ` (${duration(Date.parse(report.disabled.at) - Date.parse(report.failingSince))})`}.
        </p>
        <p>Repair the receiver, enable the webhook, send a test event, then recover what failed meanwhile.</p>
      </div>
    );
  }
  if (webhook.disabled) {
    return (
      <div class="note" role="note">
        <p>
          <strong>Disabled</strong>
          {report?.disabled ? (
            <>
              {' '}
              by your team on <Time at={report.disabled.at} />.
            </>
          ) : (
            ' since it was registered.'
          )}{' '}
          Nothing is sent, and events of this time are not sent later.
        </p>
      </div>
    );
  }
  if (report?.failingSince) {
    return (
      <div class="note bad" role="note">
        <p>
          <strong>
            Nothing has arrived since <Time at={report.failingSince} />.
          </strong>
          {report.lastFailure && <> The receiver {errorTexts[report.lastFailure.errorClass]}.</>}
        </p>
        <p>
          {report.lastFailure && (
            <a href={`/console/deliveries/${report.lastFailure.deliveryId}`}>See the last delivery that failed</a>
          )}
        </p>
      </div>
    );
  }
  return null;
}
