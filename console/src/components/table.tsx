import type { ComponentChildren } from 'preact';

export interface Column<Row> {
  heading: string;
  cell: (row: Row) => ComponentChildren;
  /** Numbers stand at the right. */
  numeric?: boolean;
  /** Left out where there is little room beside each other. */
  optional?: boolean;
}

interface Props<Row> {
  /** What the table is of, for screen readers. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** Where a row leads: the first cell becomes the link, and the whole row can be clicked. */
  rowHref?: (row: Row) => string;
  /** Newer rows are on their way. */
  busy?: boolean;
}

/**
 * Rows can be gone through with the arrow keys, and opened with Enter. On narrow screens each becomes a card: the first
 * two cells beside each other, below them the others with their headings. Roles are written out, because some browsers
 * take a table that is laid out otherwise for none.
 */
export function Table<Row>({ caption, columns, rows, rowKey, rowHref, busy }: Props<Row>) {
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label={caption}>
      <table class="cards" role="table" aria-busy={busy} onKeyDown={rowHref && moveBetweenRows}>
        <caption class="visually-hidden">{caption}</caption>
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th key={column.heading} role="columnheader" scope="col" class={classOf(column)}>
                {column.heading}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => (
            <tr key={rowKey(row)} role="row" class={rowHref && 'linked'}>
              {columns.map((column, index) => (
                <td key={column.heading} role="cell" data-heading={column.heading} class={classOf(column)}>
                  {rowHref && index === 0 ? (
                    <a class="row-link" href={rowHref(row)}>
                      {column.cell(row)}
                    </a>
                  ) : (
                    column.cell(row)
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function classOf<Row>({ numeric, optional }: Column<Row>): string | undefined {
  return [numeric && 'numeric', optional && 'optional'].filter(Boolean).join(' ') || undefined;
}

function moveBetweenRows(event: KeyboardEvent): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined || !(event.currentTarget instanceof HTMLElement)) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>('.row-link')];
  const at = links.findIndex((link) => link === document.activeElement);
  const next = links[at + step];
  if (at === -1 || !next) return;
  event.preventDefault();
  next.focus();
}
