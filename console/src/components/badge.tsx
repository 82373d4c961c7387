import { Icon, type IconName } from './icon';

type Tone = 'good' | 'bad' | 'waiting' | 'neutral';

/** Every status of everything that has one, and how it is shown. Never by colour alone. */
const statuses: Record<string, { tone: Tone; icon: IconName; text?: string }> = {
  pending: { tone: 'waiting', icon: 'clock' },
  delivered: { tone: 'good', icon: 'check' },
  failed: { tone: 'bad', icon: 'alert' },
  cancelled: { tone: 'neutral', icon: 'cancel' },
  enabled: { tone: 'good', icon: 'check' },
  disabled: { tone: 'neutral', icon: 'pause' },
};

/** A status with its icon and word. Others than the known ones get the tone that is given. */
export function StatusBadge({
  status,
  tone,
  icon,
  text,
}: {
  status: string;
  tone?: Tone;
  icon?: IconName;
  text?: string;
}) {
  const known = statuses[status];
  const word = text ?? known?.text ?? status.replaceAll('_', ' ').toLowerCase();
  return (
    <span class={`badge ${tone ?? known?.tone ?? 'neutral'}`} data-status={status}>
      <Icon name={icon ?? known?.icon ?? 'clock'} />
      {word}
    </span>
  );
}
