import { createContext, type ComponentChildren } from 'preact';
import { useCallback, useContext, useEffect, useMemo, useState } from 'preact/hooks';
import type { ApiError } from './api';
import { chooseTenant, chosenTenant, get, send, signedOutEvent, type Tenant } from './api';
import { ErrorBox } from './components/states';
import { Linked } from './linked';
import { SignIn } from './sign-in';
import { asApiError } from './resource';

/** Who is signed in, as `GET /console/session` says. */
export interface SessionInfo {
  /** null: an operator's, of no tenant. */
  tenant: Tenant | null;
  operator: boolean;
  scopes: string[];
  clientId: string | null;
  expiresAt: string;
  temporalUiUrl: string | null;
  temporalNamespace: string;
}

export interface Session extends SessionInfo {
  /** May do what asks for the scope. */
  may(scope: string): boolean;
  /** The tenant that the pages are about; null while an operator has chosen none. */
  tenantId: string | null;
  tenantName: string | null;
  /** For operators. */
  switchTenant(tenant: Tenant): void;
  signOut(): Promise<void>;
}

const context = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(context);
  if (!session) throw new Error('used outside of a session');
  return session;
}

/** `linked`: somebody is signed in, and has opened a link with a code. */
type State =
  { kind: 'asking' } | { kind: 'out'; ended: boolean } | { kind: 'in' | 'linked'; info: SessionInfo } | Failed;
interface Failed {
  kind: 'failed';
  error: ApiError;
}

/** Shows `children` to whoever is signed in, everyone else the page to sign in. */
export function SessionGate({ children }: { children: ComponentChildren }) {
  const [state, setState] = useState<State>({ kind: 'asking' });
  const [tenant, setTenant] = useState(chosenTenant);

  const ask = useCallback(async () => {
    try {
      const info = await get<SessionInfo>('/console/session');
      if (hasCode(location.hash)) return setState({ kind: 'linked', info });
      // Sent along from now on: when somebody signs in anew in another tab, this one is told that it is out of date.
      if (info.tenant) chooseTenant(info.tenant);
      setTenant(chosenTenant());
      setState({ kind: 'in', info });
    } catch (caught) {
      const error = asApiError(caught);
      setState(error.status === 401 ? { kind: 'out', ended: false } : { kind: 'failed', error });
    }
  }, []);

  useEffect(() => {
    void ask();
    const ended = () => setState((old) => (old.kind === 'in' ? { kind: 'out', ended: true } : old));
    // A link that is opened where the console is open already changes nothing but the fragment.
    const linked = () => {
      if (hasCode(location.hash)) void ask();
    };
    window.addEventListener(signedOutEvent, ended);
    window.addEventListener('hashchange', linked);
    return () => {
      window.removeEventListener(signedOutEvent, ended);
      window.removeEventListener('hashchange', linked);
    };
  }, [ask]);

  const switchTenant = useCallback((chosen: Tenant) => {
    chooseTenant(chosen);
    setTenant(chosen);
  }, []);
  const signOut = useCallback(async () => {
    await send('DELETE', '/console/session');
    chooseTenant(null);
    setTenant(null);
    setState({ kind: 'out', ended: false });
  }, []);

  const info = state.kind === 'in' ? state.info : null;
  const session = useMemo<Session | null>(
    () =>
      info && {
        ...info,
        may: (scope) => info.scopes.includes(scope),
        tenantId: (info.tenant ?? tenant)?.id ?? null,
        tenantName: (info.tenant ?? tenant)?.name ?? null,
        switchTenant,
        signOut,
      },
    [info, tenant, switchTenant, signOut],
  );

  if (state.kind === 'asking') return <div class="splash" aria-busy="true" aria-label="Loading" />;
  if (state.kind === 'failed') {
    return (
      <main class="splash">
        <ErrorBox error={state.error} onRetry={() => void ask()} />
      </main>
    );
  }
  if (state.kind === 'linked') {
    const stay = () => {
      history.replaceState(null, '', location.pathname + location.search);
      void ask();
    };
    return <Linked info={state.info} onUse={() => setState({ kind: 'out', ended: false })} onStay={stay} />;
  }
  if (!session)
    return <SignIn key={location.hash} ended={state.kind === 'out' && state.ended} onSignedIn={() => void ask()} />;
  return <context.Provider value={session}>{children}</context.Provider>;
}

/** The fragment of a link that `everhook console link` made. */
export function hasCode(hash: string): boolean {
  return codeOf(hash) !== null;
}

export function codeOf(hash: string): string | null {
  return new URLSearchParams(hash.slice(1)).get('link');
}
