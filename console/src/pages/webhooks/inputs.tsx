import { useId, useState } from 'preact/hooks';
import type { ApiError } from '../../api';
import { Button } from '../../components/button';
import { Field } from '../../components/field';
import { Icon } from '../../components/icon';

/** What is wrong at a place of the body or within it; undefined: nothing. */
export function errorsUnder(error: ApiError | undefined, pointer: string): string | undefined {
  const found = error?.problems.filter((one) => one.pointer === pointer || one.pointer.startsWith(`${pointer}/`)) ?? [];
  const said = found.map((one) => `${one.pointer.slice(pointer.length + 1)} ${one.message}`.trim());
  return said.length > 0 ? said.join('; ') : undefined;
}

interface NamesProps {
  label: string;
  /** What one of them is called: `event type`. */
  one: string;
  hint?: string;
  error?: string | undefined;
  required?: boolean;
  names: readonly string[];
  onChange: (names: string[]) => void;
  /** Offered while typing. */
  offered?: readonly string[];
  placeholder?: string;
}

const namesIn = (text: string) => text.split(/[\s,]+/).filter((name) => name !== '');

/**
 * Several names: typed one after the other, each can be taken away. What is typed counts before it is set apart by Enter
 * or a comma: whoever goes on to press a button has it with them, and nothing moves under the pointer.
 */
export function NamesField(props: NamesProps) {
  const { label, one, hint, error, required, names, onChange, offered = [], placeholder } = props;
  const [typed, setTyped] = useState('');
  const listId = useId();
  const apart = names.filter((name) => !namesIn(typed).includes(name));
  const type = (text: string) => {
    onChange([...new Set([...apart, ...namesIn(text)])]);
    // Pasted ones come several at a time.
    setTyped(/[\s,]/.test(text) ? (text.split(/[\s,]+/).at(-1) ?? '') : text);
  };
  return (
    <Field label={label} hint={hint} error={error} {...(required !== undefined && { required })}>
      {(ids) => (
        <div class="names">
          {apart.length > 0 && (
            <ul class="tags" aria-label={label}>
              {apart.map((name) => (
                <li key={name}>
                  <code>{name}</code>
                  <button
                    type="button"
                    class="tag-remove"
                    aria-label={`Remove ${one} ${name}`}
                    onClick={() => onChange(names.filter((other) => other !== name))}
                  >
                    <Icon name="close" />
                  </button>
                </li>
              ))}
            </ul>
          )}
          <input
            {...ids}
            class="mono"
            list={listId}
            autocomplete="off"
            spellcheck={false}
            placeholder={placeholder}
            value={typed}
            onInput={(event) => {
              const { value } = event.currentTarget;
              // A choice from the list comes whole, without Enter.
              const isChosen =
                offered.includes(value) && !(event instanceof InputEvent && event.inputType === 'insertText');
              type(isChosen ? `${value},` : value);
            }}
            onKeyDown={(event) => {
              if (event.key === 'Enter') {
                event.preventDefault();
                setTyped('');
              } else if (event.key === 'Backspace' && typed === '') onChange(names.slice(0, -1));
            }}
          />
          <datalist id={listId}>
            {offered
              .filter((name) => !names.includes(name))
              .map((name) => (
                <option key={name} value={name} />
              ))}
          </datalist>
        </div>
      )}
    </Field>
  );
}

export interface HeaderRow {
  name: string;
  value: string;
}

export const rowsOf = (headers: Record<string, string>): HeaderRow[] =>
  Object.entries(headers).map(([name, value]) => ({ name, value }));

export const headersOf = (rows: readonly HeaderRow[]): Record<string, string> =>
  Object.fromEntries(rows.filter(({ name }) => name !== '').map(({ name, value }) => [name, value]));

/** Custom headers, with the value of secret ones write-only. */
export function HeadersField({
  rows,
  onChange,
  error,
}: {
  rows: readonly HeaderRow[];
  onChange: (rows: HeaderRow[]) => void;
  error: ApiError | undefined;
}) {
  const change = (index: number, patch: Partial<HeaderRow>) =>
    onChange(rows.map((row, at) => (at === index ? { ...row, ...patch } : row)));
  const wrong = errorsUnder(error, '/headers');
  return (
    <fieldset class={wrong ? 'field header-fields invalid' : 'field header-fields'}>
      <legend>
        Custom headers <span class="faint">optional</span>
      </legend>
      {rows.map(({ name, value }, index) => (
        <div class="header-row" key={index}>
          <input
            class="mono"
            aria-label={`Name of header ${index + 1}`}
            placeholder="X-Environment"
            autocomplete="off"
            spellcheck={false}
            value={name}
            onInput={(event) => change(index, { name: event.currentTarget.value })}
          />
          <input
            class="mono"
            aria-label={`Value of header ${index + 1}`}
            autocomplete="off"
            spellcheck={false}
            value={value}
            onFocus={(event) => value === '[redacted]' && event.currentTarget.select()}
            onInput={(event) => change(index, { value: event.currentTarget.value })}
          />
          <button
            type="button"
            class="icon-button"
            aria-label={`Remove header ${name || index + 1}`}
            onClick={() => onChange(rows.filter((_, at) => at !== index))}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      <Button kind="quiet" icon="plus" onClick={() => onChange([...rows, { name: '', value: '' }])}>
        Add a header
      </Button>
      <p class="hint">
        Values of headers whose name has key, token or secret in it are stored encrypted and never shown again: they
        read <code>[redacted]</code>, and stay as they are while they do.
      </p>
      {wrong && <p class="field-error">{wrong}</p>}
    </fieldset>
  );
}
