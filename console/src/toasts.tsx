import { createContext, type ComponentChildren } from 'preact';
import { useCallback, useContext, useState } from 'preact/hooks';
import type { ApiError } from './api';
import { Icon } from './components/icon';
import { asApiError } from './resource';

interface Toast {
  id: number;
  kind: 'success' | 'error';
  text: string;
}

interface Notify {
  /** Says what was done, for a few seconds. */
  success(text: string): void;
  /** Says what failed, until it is closed. */
  error(what: unknown): void;
}

const context = createContext<Notify>({ success: () => undefined, error: () => undefined });

export const useToasts = (): Notify => useContext(context);

/** A detail alone says enough of what was asked for; not of what had nothing to do with it. */
function textOf({ status, title, detail, message, isPassing }: ApiError): string {
  return (status === 401 || isPassing) && detail ? `${title}. ${detail}` : message;
}

/** Says what happened in a corner, and to screen readers. */
export function Toasts({ children }: { children: ComponentChildren }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const close = useCallback((id: number) => setToasts((all) => all.filter((one) => one.id !== id)), []);
  const add = useCallback((kind: Toast['kind'], text: string) => {
    const id = performance.now();
    setToasts((all) => [...all.slice(-3), { id, kind, text }]);
    if (kind === 'success') setTimeout(() => close(id), 6000);
  }, []);
  const [notify] = useState<Notify>(() => ({
    success: (text) => add('success', text),
    error: (what) => add('error', typeof what === 'string' ? what : textOf(asApiError(what))),
  }));
  return (
    <context.Provider value={notify}>
      {children}
      <div class="toasts" role="region" aria-label="Messages" aria-live="polite">
        {toasts.map(({ id, kind, text }) => (
          <div key={id} class={`toast ${kind}`}>
            <Icon name={kind === 'success' ? 'check' : 'alert'} />
            <p>{text}</p>
            <button type="button" class="icon-button" aria-label="Close this message" onClick={() => close(id)}>
              <Icon name="close" />
            </button>
          </div>
        ))}
      </div>
    </context.Provider>
  );
}
