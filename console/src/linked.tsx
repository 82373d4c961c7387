import { useEffect } from 'preact/hooks';
import { Button } from './components/button';
import { Logo } from './components/icon';
import type { SessionInfo } from './session';

/**
 * Asks whoever is signed in whether a link with a code is to be used. Anybody can send one that opens a session of theirs: what
 * is done afterwards would be done, and secrets be typed, where its sender sees them.
 */
export function Linked({ info, onUse, onStay }: { info: SessionInfo; onUse: () => void; onStay: () => void }) {
  useEffect(() => {
    document.title = 'Sign in anew? · Everhook';
  }, []);
  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <p class="sign-in-brand">
          <Logo /> Everhook
        </p>
        <h1>Sign in anew?</h1>
        <p>
          You are signed in {info.tenant ? 'to ' : ''}
          <strong>{info.tenant?.name ?? 'as an operator'}</strong>. This link ends that, and signs you in to whatever it
          was made for. Use it only if you asked for it.
        </p>
        <div class="dialog-actions">
          <Button onClick={onStay}>Stay signed in</Button>
          <Button kind="primary" onClick={onUse}>
            Use the link
          </Button>
        </div>
      </div>
    </main>
  );
}
