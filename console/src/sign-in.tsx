import { useEffect, useState } from 'preact/hooks';
import { chooseTenant, send, type ApiError } from './api';
import { Button } from './components/button';
import { TextField } from './components/field';
import { Icon, Logo } from './components/icon';
import { asApiError } from './resource';
import { codeOf } from './session';

/** Signs in with a client's id and secret, or by itself with the code in the address. */
export function SignIn({ ended, onSignedIn }: { ended: boolean; onSignedIn: () => void }) {
  const [code] = useState(() => codeOf(location.hash));
  const [clientId, setClientId] = useState('');
  const [clientSecret, setClientSecret] = useState('');
  const [busy, setBusy] = useState(code !== null);
  const [error, setError] = useState<ApiError>();

  const signIn = async (how: object) => {
    setBusy(true);
    setError(undefined);
    try {
      await send('POST', '/console/session', how);
      chooseTenant(null);
      onSignedIn();
    } catch (caught) {
      setError(asApiError(caught));
      setBusy(false);
    }
  };

  useEffect(() => {
    document.title = 'Sign in · Everhook';
    if (code === null) return;
    // The code is used up by being sent; it is not to stay in the history.
    history.replaceState(null, '', location.pathname + location.search);
    void signIn({ link: code });
  }, []);

  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <p class="sign-in-brand">
          <Logo /> Everhook
        </p>
        <h1>{busy && code !== null ? 'Signing in…' : 'Sign in to the console'}</h1>
        {ended && !error && <p class="note">Your session is over. Sign in again to go on where you were.</p>}
        {error && (
          <div class="error-box" role="alert">
            <Icon name="alert" />
            <div>
              <strong>{error.status === 401 ? 'That did not let you in.' : error.title}</strong>
              <p>{error.detail}</p>
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
            The id and secret are those that programs use for the API. Without them, ask whoever runs Everhook for a
            link:
          </p>
          <pre>everhook console link --tenant …</pre>
        </div>
      </div>
    </main>
  );
}
