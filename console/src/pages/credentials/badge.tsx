import { StatusBadge } from '../../components/badge';
import type { IconName } from '../../components/icon';
import type { CredentialStatus } from './types';

interface Shown {
  tone: 'good' | 'bad' | 'waiting' | 'neutral';
  icon: IconName;
  text: string;
  /** What it means for whoever looks after it. */
  means: string;
}

export const credentialStatuses: Record<CredentialStatus, Shown> = {
  provisioning: {
    tone: 'waiting',
    icon: 'clock',
    text: 'provisioning',
    means: 'Being made, or made and not handed over yet.',
  },
  active: { tone: 'good', icon: 'check', text: 'active', means: 'Handed over to the portal, and working.' },
  failed: {
    tone: 'bad',
    icon: 'alert',
    text: 'failed',
    means: 'Never handed over. What had been made was taken back: AWS holds nothing of it.',
  },
  revoking: { tone: 'waiting', icon: 'clock', text: 'revoking', means: 'Being taken away.' },
  revoked: { tone: 'neutral', icon: 'cancel', text: 'revoked', means: 'Taken away: AWS holds nothing of it.' },
  compensation_failed: {
    tone: 'bad',
    icon: 'alert',
    text: 'needs repair',
    means: 'AWS may hold what it should not: taking it back failed. It is tried again by the sweeper; see the steps.',
  },
};

export function CredentialBadge({ status }: { status: CredentialStatus }) {
  const { tone, icon, text } = credentialStatuses[status];
  return <StatusBadge status={status} tone={tone} icon={icon} text={text} />;
}
