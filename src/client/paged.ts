/** A page of a list; `nextCursor` is null on the last one. */
export interface Page<Item> {
  data: Item[];
  nextCursor: string | null;
}

/** A list, read page by page as far as it is asked for: `for await (const delivery of client.deliveries.list())`. */
export interface Paged<Item> extends AsyncIterable<Item> {
  /** One page: the first, or that of the query's `cursor`. */
  page(): Promise<Page<Item>>;
  /** This page and those after it. */
  pages(): AsyncIterable<Page<Item>>;
}

/** @param read one page, from the query's own cursor on when none is given */
export function createPaged<Item>(read: (cursor?: string) => Promise<Page<Item>>): Paged<Item> {
  async function* pages(): AsyncGenerator<Page<Item>> {
    let page = await read();
    yield page;
    while (page.nextCursor !== null && page.nextCursor !== undefined) {
      page = await read(page.nextCursor);
      yield page;
    }
  }
  return {
    page: () => read(),
    pages,
    async *[Symbol.asyncIterator]() {
      for await (const { data } of pages()) yield* data;
    },
  };
}
