import { StatusBadge } from '../../components/badge';
import type { IconName } from '../../components/icon';
import type { ConsentStatus } from './timeline';

const shown: Record<ConsentStatus, { tone: 'good' | 'bad' | 'waiting' | 'neutral'; icon: IconName; text: string }> = {
  AWAITING_AUTHORISATION: { tone: 'waiting', icon: 'clock', text: 'awaiting decision' },
  AUTHORISED: { tone: 'good', icon: 'check', text: 'authorised' },
  REJECTED: { tone: 'bad', icon: 'cancel', text: 'rejected' },
  CONSUMED: { tone: 'good', icon: 'check', text: 'consumed' },
  EXPIRED: { tone: 'neutral', icon: 'clock', text: 'expired' },
  REVOKED: { tone: 'neutral', icon: 'cancel', text: 'revoked' },
};

export const consentStatusText = (status: ConsentStatus): string => shown[status].text;

export function ConsentBadge({ status }: { status: ConsentStatus }) {
  return <StatusBadge status={status} {...shown[status]} />;
}
