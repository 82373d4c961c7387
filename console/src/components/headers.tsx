interface Header {
  name: string;
  value: string;
  /** What it is for, where that is worth to be seen. */
  tag?: string;
}

/** HTTP headers, one a line. */
export function HeaderTable({ caption, headers }: { caption: string; headers: readonly Header[] }) {
  return (
    <table class="headers">
      <caption class="visually-hidden">{caption}</caption>
      <thead class="visually-hidden">
        <tr>
          <th scope="col">Name</th>
          <th scope="col">Value</th>
        </tr>
      </thead>
      <tbody>
        {headers.map(({ name, value, tag }) => (
          <tr key={name}>
            <th scope="row">
              <code>{name}</code>
              {tag && <span class="tag accent">{tag}</span>}
            </th>
            <td>
              <code>{value}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
