import { createContext, type ComponentChildren } from 'preact';
import { useCallback, useContext, useState } from 'preact/hooks';
import { Button } from './button';
import { Dialog } from './dialog';

export interface Question {
  title: string;
  text: ComponentChildren;
  /** What is done, as on the button that led here: `Delete the webhook`. */
  action: string;
  /** It can't be undone. */
  danger?: boolean;
}

const context = createContext<(question: Question) => Promise<boolean>>(() => Promise.resolve(false));

/** `if (await confirm({ title, text, action: 'Delete', danger: true })) …` */
export const useConfirm = () => useContext(context);

export function Confirming({ children }: { children: ComponentChildren }) {
  const [asked, setAsked] = useState<{ question: Question; answer: (yes: boolean) => void }>();
  const confirm = useCallback(
    (question: Question) => new Promise<boolean>((resolve) => setAsked({ question, answer: resolve })),
    [],
  );
  const answer = (yes: boolean) => {
    asked?.answer(yes);
    setAsked(undefined);
  };
  return (
    <context.Provider value={confirm}>
      {children}
      {asked && (
        <Dialog title={asked.question.title} onClose={() => answer(false)}>
          <div class="dialog-text">{asked.question.text}</div>
          <div class="dialog-actions">
            <Button onClick={() => answer(false)}>Keep it as it is</Button>
            <Button kind={asked.question.danger ? 'danger' : 'primary'} onClick={() => answer(true)}>
              {asked.question.action}
            </Button>
          </div>
        </Dialog>
      )}
    </context.Provider>
  );
}
