import type { ComponentChildren } from 'preact';

/** Names with their values. */
export function Facts({
  facts,
}: {
  facts: readonly (readonly [name: string, value: ComponentChildren] | false | null)[];
}) {
  return (
    <dl class="facts">
      {facts.map(
        (fact) =>
          fact && (
            <div key={fact[0]}>
              <dt>{fact[0]}</dt>
              <dd>{fact[1]}</dd>
            </div>
          ),
      )}
    </dl>
  );
}

/** One number that matters, large. */
export function Figure({
  label,
  value,
  note,
  tone,
}: {
  label: string;
  value: ComponentChildren;
  note?: ComponentChildren;
  tone?: 'good' | 'bad' | 'waiting';
}) {
  return (
    <div class={tone ? `figure ${tone}` : 'figure'}>
      <p class="figure-label">{label}</p>
      <p class="figure-value">{value}</p>
      {note && <p class="figure-note">{note}</p>}
    </div>
  );
}
