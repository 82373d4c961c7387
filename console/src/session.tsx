import { createContext, Fragment, type ComponentChildren } from 'preact';
import { useCallback, useContext, useEffect, useMemo, useState } from 'preact/hooks';
import type { ApiError } from './api';
import { chooseTenant, chosenTenant, get, send, signedInEvent, signedOutEvent, type Tenant } from './api';
import { ErrorBox } from './components/states';
import { Linked } from './linked';
import { SignIn, SignInAgain } from './sign-in';
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

type State =
  | { kind: 'asking' }
  | { kind: 'out' }
  | { kind: 'failed'; error: ApiError }
  /** Somebody is signed in, and has opened a link with a code. */
  | { kind: 'linked'; info: SessionInfo }
  /** `ended`: until somebody signs in again, the pages stay as they are, covered: what was typed there is kept. */
  | { kind: 'in'; info: SessionInfo; ended: boolean };

/** How soon it is asked again who is signed in, where that could not be told. */
const askAgainMs = 4_000;

/** Shows `children` to whoever is signed in, everyone else the page to sign in. */
export function SessionGate({ children }: { children: ComponentChildren }) {
  const [state, setState] = useState<State>({ kind: 'asking' });
  const [tenant, setTenant] = useState(chosenTenant);

  const enter = useCallback((info: SessionInfo) => {
    // Sent along from now on: when somebody signs in anew in another tab, this one is told that it is out of date.
    if (info.tenant) chooseTenant(info.tenant);
    setTenant(chosenTenant());
    setState({ kind: 'in', info, ended: false });
    window.dispatchEvent(new Event(signedInEvent));
  }, []);
  const ask = useCallback(async () => {
    try {
      const info = await get<SessionInfo>('/console/session');
      if (hasCode(location.hash)) setState({ kind: 'linked', info });
      else enter(info);
    } catch (caught) {
      const error = asApiError(caught);
      const failed: State = error.status === 401 ? { kind: 'out' } : { kind: 'failed', error };
      const isLinkToUse = failed.kind === 'out' && hasCode(location.hash);
      setState((old) => (old.kind === 'in' && !isLinkToUse ? old : failed));
    }
  }, [enter]);

  useEffect(() => {
    void ask();
    const ended = () => setState((old) => (old.kind === 'in' ? { ...old, ended: true } : old));
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

  const isFailed = state.kind === 'failed';
  useEffect(() => {
    if (!isFailed) return;
    const timer = setInterval(() => void ask(), askAgainMs);
    return () => clearInterval(timer);
  }, [isFailed, ask]);

  const isEnded = state.kind === 'in' && state.ended;
  useEffect(() => {
    if (!isEnded) return;
    // Somebody who came by a link signs in by another one, in another tab, and then comes back to this one.
    const shown = () => !document.hidden && void ask();
    document.addEventListener('visibilitychange', shown);
    return () => document.removeEventListener('visibilitychange', shown);
  }, [isEnded, ask]);

  const switchTenant = useCallback((chosen: Tenant) => {
    chooseTenant(chosen);
    setTenant(chosen);
  }, []);
  const signOut = useCallback(async () => {
    await send('DELETE', '/console/session');
    chooseTenant(null);
    setTenant(null);
    setState({ kind: 'out' });
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
    return <Linked info={state.info} onUse={() => setState({ kind: 'out' })} onStay={stay} />;
  }
  if (!session) return <SignIn key={location.hash} onSignedIn={enter} />;
  return (
    <context.Provider value={session}>
      {/* Somebody else's pages are others. */}
      <Fragment key={`${session.operator}/${session.clientId}`}>{children}</Fragment>
      {isEnded && <SignInAgain clientId={session.clientId} onSignedIn={enter} />}
    </context.Provider>
  );
}

/** The fragment of a link that `everhook console link` made. */
export function hasCode(hash: string): boolean {
  return codeOf(hash) !== null;
}

export function codeOf(hash: string): string | null {
  return new URLSearchParams(hash.slice(1)).get('link');
}
