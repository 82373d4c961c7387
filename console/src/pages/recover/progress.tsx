import { withQuery } from '../../api';
import { Card } from '../../components/page';
import { Loaded } from '../../components/states';
import { useResource } from '../../resource';
import type { Stats } from '../webhooks/types';

/** What became of the deliveries of a recovery so far: of all that the webhook was sent since it began. */
export function Progress({ webhookId, count, startedAt }: { webhookId: string; count: number; startedAt: string }) {
  const path = withQuery(`/api/v1/webhooks/${webhookId}/stats`, { since: startedAt });
  const stats = useResource<Stats>(path, { everySeconds: 2 });
  return (
    <Card title="On their way">
      <Loaded from={stats} lines={2}>
        {({ deliveries: { delivered, failed, cancelled, pending } }) => {
          const all = delivered + failed + cancelled + pending;
          const isDone = pending === 0 && all >= count;
          const share = (part: number) => ({ width: `${all === 0 ? 0 : (part / all) * 100}%` });
          return (
            <div aria-live="polite">
              <p class="recover-count">
                <strong>{delivered.toLocaleString()}</strong> of {Math.max(all, count).toLocaleString()} delivered
                {isDone && failed === 0 && cancelled === 0 && ': all of it arrived'}
              </p>
              <div
                class="progress"
                role="progressbar"
                aria-label="Deliveries that ended"
                aria-valuemin={0}
                aria-valuemax={Math.max(all, count)}
                aria-valuenow={delivered + failed + cancelled}
              >
                <span class="good" style={share(delivered)} />
                <span class="bad" style={share(failed + cancelled)} />
              </div>
              <p class="faint">
                {pending.toLocaleString()} pending, {failed.toLocaleString()} failed again, {cancelled.toLocaleString()}{' '}
                cancelled. Everything sent to it since the recovery began is counted.
              </p>
              <p>
                <a href={withQuery('/console/deliveries', { webhookId, after: startedAt })}>See these deliveries</a>
              </p>
            </div>
          );
        }}
      </Loaded>
    </Card>
  );
}
