import type { ComponentChildren, InputHTMLAttributes } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  /** What is wrong with it: `error.at('/pointer')` of an {@link ApiError}. */
  error?: string | undefined;
  required?: boolean;
  /** Gets the ids that tie the control to its label, hint and error. */
  children: (ids: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean }) => ComponentChildren;
}

/** A labelled control with its hint and its error. */
export function Field({ label, hint, error, required, children }: FieldProps) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div class={error ? 'field invalid' : 'field'}>
      <label for={id}>
        {label} {required === false && <span class="faint">optional</span>}
      </label>
      {children({ id, 'aria-describedby': described || undefined, 'aria-invalid': Boolean(error) })}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
    </div>
  );
}

type Common = Omit<FieldProps, 'children'>;

interface TextProps extends Common {
  value: string;
  onInput: (value: string) => void;
  type?: 'text' | 'password' | 'url' | 'search' | 'number' | 'datetime-local';
  placeholder?: string;
  autocomplete?: InputHTMLAttributes['autocomplete'];
  /** Ids, URLs, secrets. */
  mono?: boolean;
  disabled?: boolean;
  min?: string | number;
  max?: string | number;
  step?: string | number;
}

export function TextField({
  label,
  hint,
  error,
  required,
  value,
  onInput,
  mono,
  type = 'text',
  autocomplete = 'off',
  ...more
}: TextProps) {
  return (
    <Field label={label} hint={hint} error={error} {...(required !== undefined && { required })}>
      {(ids) => (
        <input
          {...ids}
          {...more}
          class={mono ? 'mono' : undefined}
          // The types give each kind attributes of its own; what is set here is the same for all.
          type={type as 'text'}
          autocomplete={autocomplete}
          spellcheck={false}
          required={required === true}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export function TextAreaField({
  label,
  hint,
  error,
  required,
  value,
  onInput,
  mono,
  rows = 8,
}: TextProps & { rows?: number }) {
  return (
    <Field label={label} hint={hint} error={error} {...(required !== undefined && { required })}>
      {(ids) => (
        <textarea
          {...ids}
          class={mono ? 'mono' : undefined}
          rows={rows}
          spellcheck={false}
          required={required === true}
          value={value}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface SelectProps extends Common {
  value: string;
  onChange: (value: string) => void;
  options: readonly { value: string; text: string }[];
  disabled?: boolean;
}

export function SelectField({ label, hint, error, value, onChange, options, disabled }: SelectProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(ids) => (
        <select {...ids} value={value} disabled={disabled} onChange={(event) => onChange(event.currentTarget.value)}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

export function CheckField({
  label,
  checked,
  onChange,
  disabled,
}: {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={checked}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      {label}
    </label>
  );
}
