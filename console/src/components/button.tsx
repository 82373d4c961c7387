import type { ComponentChildren } from 'preact';
import { Icon, type IconName } from './icon';

interface Props {
  children: ComponentChildren;
  kind?: 'primary' | 'secondary' | 'danger' | 'quiet';
  type?: 'button' | 'submit';
  icon?: IconName;
  /** It is being done: can't be pressed again, keeps the focus. */
  busy?: boolean;
  disabled?: boolean;
  onClick?: () => void;
}

export function Button({ children, kind = 'secondary', type = 'button', icon, busy, disabled, onClick }: Props) {
  return (
    <button
      type={type}
      class={`button ${kind}`}
      aria-busy={busy}
      aria-disabled={busy || undefined}
      disabled={disabled}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onClick?.();
      }}
    >
      {busy ? <span class="spinner" aria-hidden="true" /> : icon && <Icon name={icon} />}
      {children}
    </button>
  );
}

/** Looks like a button, goes somewhere. */
export function LinkButton({
  href,
  children,
  kind = 'secondary',
  icon,
  external,
}: Omit<Props, 'onClick'> & { href: string; external?: boolean }) {
  return (
    <a class={`button ${kind}`} href={href} {...(external && { target: '_blank', rel: 'noopener' })}>
      {icon && <Icon name={icon} />}
      {children}
      {external && <span class="visually-hidden"> (opens in a new tab)</span>}
    </a>
  );
}
