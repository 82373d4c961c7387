import { useQuery } from '../query';
import { Button } from './button';

/** Through a list by `cursor` in the page's address. Lists begin with the newest; Back of the browser goes back a page. */
export function Pager({ nextCursor, shown }: { nextCursor: string | null | undefined; shown: number }) {
  const [query, setQuery] = useQuery();
  if (!nextCursor && !query.cursor) return null;
  return (
    <nav class="pager" aria-label="Pages of the list">
      <span class="faint">{shown} shown</span>
      <Button disabled={!query.cursor} onClick={() => setQuery({ cursor: null })}>
        Newest
      </Button>
      <Button disabled={!nextCursor} onClick={() => nextCursor && setQuery({ cursor: nextCursor })}>
        Older
      </Button>
    </nav>
  );
}
