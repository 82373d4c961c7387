import { useEffect, useRef, useState } from 'preact/hooks';
import { chooseTenant, send, type ApiError } from './api';
import { Button } from './components/button';
import { TextField } from './components/field';
import { Icon, Logo } from './components/icon';
import { asApiError } from './resource';
import { codeOf, type SessionInfo } from './session';

interface Props {
  onSignedIn: (info: SessionInfo) => void;
}

/** The page to sign in: with a client's id and secret, or by itself with the code in the address. */
export function SignIn({ onSignedIn }: Props) {
  useEffect(() => {
    document.title = 'Sign in · Everhook';
  }, []);
  return (
    <main class="sign-in">
      <SignInCard onSignedIn={onSignedIn} />
    </main>
  );
}

/** Over a page whose session has ended: it can't be seen or used, and is there again, as it was, afterwards. */
export function SignInAgain({ clientId, onSignedIn }: Props & { clientId: string | null }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      dialog.current?.close();
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class="sign-in over"
      aria-label="Your session is over"
      onCancel={(event) => event.preventDefault()}
      // Some browsers close a dialog at the second Escape, whatever is said to the first.
      onClose={(event) => event.currentTarget.isConnected && event.currentTarget.showModal()}
    >
      <SignInCard ended clientId={clientId ?? ''} onSignedIn={onSignedIn} />
    </dialog>
  );
}

function SignInCard({
  ended = false,
  clientId: knownId = '',
  onSignedIn,
}: Props & { ended?: boolean; clientId?: string }) {
  const [code] = useState(() => codeOf(location.hash));
  const [clientId, setClientId] = useState(knownId);
  const [clientSecret, setClientSecret] = useState('');
  const [busy, setBusy] = useState(code !== null);
  const [error, setError] = useState<ApiError>();

  const signIn = async (how: object) => {
    setBusy(true);
    setError(undefined);
    try {
      const info = await send<SessionInfo>('POST', '/console/session', how);
      // Chosen by whoever was signed in before.
      if (!ended) chooseTenant(null);
      onSignedIn(info);
    } catch (caught) {
      setError(asApiError(caught));
      setBusy(false);
    }
  };

  useEffect(() => {
    if (code === null) return;
    // The code is used up by being sent; it is not to stay in the history.
    history.replaceState(null, '', location.pathname + location.search);
    void signIn({ link: code });
  }, []);

  return (
    <div class="sign-in-card">
      <p class="sign-in-brand">
        <Logo /> Everhook
      </p>
      <h1>{busy && code !== null ? 'Signing in…' : 'Sign in to the console'}</h1>
      {ended && !error && (
        <p class="note">Your session is over. Sign in again to go on where you were: nothing is lost.</p>
      )}
      {error && (
        <div class="error-box" role="alert">
          <Icon name="alert" />
          <div>
            <strong>{error.status === 401 ? 'That did not let you in.' : error.title}</strong>
            <p>{error.status === 0 ? 'Check your connection, and try again.' : error.detail}</p>
          </div>
        </div>
      )}
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void signIn({ clientId: clientId.trim(), clientSecret: clientSecret.trim() });
        }}
      >
        <TextField label="Client id" value={clientId} onInput={setClientId} autocomplete="username" required mono />
        <TextField
          label="Client secret"
          type="password"
          value={clientSecret}
          onInput={setClientSecret}
          autocomplete="current-password"
          required
          mono
        />
        <Button kind="primary" type="submit" busy={busy}>
          Sign in
        </Button>
      </form>
      <div class="sign-in-help">
        <p>
          The id and secret are those that programs use for the API. Without them, ask whoever runs Everhook for a link:
        </p>
        <pre>everhook console link --tenant …</pre>
        {ended && <p>Open it in another tab, then come back to this one.</p>}
      </div>
    </div>
  );
}
