import { CopyButton } from './copy';

/** JSON, indented, to read and to copy. */
export function Json({ value, label }: { value: unknown; label: string }) {
  const text = JSON.stringify(value, null, 2) ?? 'null';
  return (
    <div class="json">
      <pre tabIndex={0} aria-label={label}>
        {parts(text)}
      </pre>
      <CopyButton text={text} what={label} />
    </div>
  );
}

const token = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** Keys, strings and the rest in colours; texts over 50 KB are left as they are. */
function parts(text: string) {
  if (text.length > 50_000) return text;
  const out = [];
  let end = 0;
  for (const match of text.matchAll(token)) {
    const [whole, string, colon] = match;
    const kind = string ? (colon ? 'key' : 'string') : 'literal';
    const shown = string && colon ? string : whole;
    out.push(text.slice(end, match.index), <span class={`json-${kind}`}>{shown}</span>);
    end = match.index + shown.length;
  }
  return [...out, text.slice(end)];
}
