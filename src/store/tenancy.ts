import { AsyncLocalStorage } from 'node:async_hooks';

/** Whose rows may be seen by what is going on now; the database keeps to it, whatever a statement says. */
export interface Tenancy {
  /** Statements of `work`, and of all that it awaits, see and change rows of this tenant only. */
  run<T>(tenantId: string, work: () => T | PromiseLike<T>): Promise<T>;
  /** Null: the work is nobody's in particular, such as finding out whose a token is. */
  current(): string | null;
}

export function createTenancy(): Tenancy {
  const tenant = new AsyncLocalStorage<string>();
  return {
    // Awaited inside: a query of knex begins when somebody waits for it.
    run: (tenantId, work) => tenant.run(tenantId, async () => await work()),
    current: () => tenant.getStore() ?? null,
  };
}
