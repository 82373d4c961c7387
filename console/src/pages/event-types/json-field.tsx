import { useRef } from 'preact/hooks';
import { Field } from '../../components/field';
import { readJson, type Finding } from './json-text';

interface Props {
  label: string;
  hint: string;
  rows: number;
  value: string;
  onInput: (value: string) => void;
  /** What the API found; what is no JSON is found here. */
  findings: readonly Finding[];
}

/** A text of JSON. What is wrong is listed with its line, and a click goes there. */
export function JsonField({ label, hint, rows, value, onInput, findings }: Props) {
  const area = useRef<HTMLTextAreaElement>(null);
  const read = readJson(value);
  const shown = 'findings' in read ? read.findings : findings;
  const goTo = ({ from, to }: Finding) => {
    const element = area.current;
    if (!element) return;
    element.focus();
    element.setSelectionRange(from, to);
    // Browsers scroll to what is selected only when it is typed.
    const lines = value.split('\n').length;
    element.scrollTop = (element.scrollHeight * (value.slice(0, from).split('\n').length - 3)) / lines;
  };
  return (
    <div class="json-field">
      <Field
        label={label}
        hint={hint}
        required={false}
        error={
          shown.length > 0 ? `${shown.length === 1 ? 'One thing is' : `${shown.length} things are`} wrong:` : undefined
        }
      >
        {(ids) => (
          <textarea
            {...ids}
            ref={area}
            class="mono"
            rows={rows}
            spellcheck={false}
            value={value}
            onInput={(event) => onInput(event.currentTarget.value)}
          />
        )}
      </Field>
      {shown.length > 0 && (
        <ul class="findings">
          {shown.map((finding, index) => (
            <li key={index}>
              <button type="button" class="link-button" onClick={() => goTo(finding)}>
                {finding.line === null ? 'Here' : `Line ${finding.line}`}
              </button>{' '}
              {finding.pointer && <code>{finding.pointer}</code>} {finding.message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
