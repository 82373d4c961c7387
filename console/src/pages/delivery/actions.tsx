import { useLocation } from 'preact-iso/router';
import { useState } from 'preact/hooks';
import { send } from '../../api';
import type { Delivery } from '../../api-types';
import { Button } from '../../components/button';
import { useConfirm } from '../../components/confirm';
import { useSession } from '../../session';
import { useToasts } from '../../toasts';

/** Try now or deliver again, and cancel; for whoever may. */
export function DeliveryActions({ delivery, onDone }: { delivery: Delivery; onDone: () => void }) {
  const { may } = useSession();
  const { route } = useLocation();
  const toasts = useToasts();
  const confirm = useConfirm();
  const [busy, setBusy] = useState<'retry' | 'cancel'>();
  if (!may('deliveries:write')) return null;

  const path = `/api/v1/deliveries/${delivery.id}`;
  const pending = delivery.status === 'pending';

  const act = async (what: 'retry' | 'cancel', done: (id: string) => void) => {
    setBusy(what);
    try {
      const { id } = await send<{ id: string }>('POST', `${path}/${what}`, {});
      done(id);
      onDone();
    } catch (error) {
      toasts.error(error);
    } finally {
      setBusy(undefined);
    }
  };

  const retry = () =>
    act('retry', (id) => {
      if (id === delivery.id) return toasts.success('The next attempt is being made now.');
      toasts.success('A new delivery of the same event is on its way. This page shows it.');
      route(`/console/deliveries/${id}`);
    });

  const cancel = async () => {
    const sure = await confirm({
      title: 'Cancel this delivery?',
      text: 'No further attempt is made. The event stays, and can be delivered again later.',
      action: 'Cancel the delivery',
      danger: true,
    });
    if (sure) await act('cancel', () => toasts.success('The delivery is cancelled.'));
  };

  return (
    <>
      <Button
        kind={delivery.status === 'delivered' ? 'secondary' : 'primary'}
        icon="refresh"
        busy={busy === 'retry'}
        onClick={() => void retry()}
      >
        {pending ? 'Try now' : 'Deliver again'}
      </Button>
      {pending && (
        <Button icon="cancel" busy={busy === 'cancel'} onClick={() => void cancel()}>
          Cancel
        </Button>
      )}
    </>
  );
}
