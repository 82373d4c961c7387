export interface Answer {
  status: number;
  body?: unknown;
}

/** What AWS finds wrong with a call. */
export class AwsRefusal extends Error {
  constructor(
    readonly status: number,
    readonly awsName: string,
    message: string,
  ) {
    super(message);
  }
}

export function refuse(status: number, awsName: string, message: string): never {
  throw new AwsRefusal(status, awsName, message);
}

/** Pages are this short whatever is asked for, as AWS reserves to itself. */
export const pageSize = 2;

/** A page of API Gateway's. */
export function listed<T>(all: readonly T[], position: string | null, show: (one: T) => unknown): Answer {
  const { page, next } = pageOf(all, position);
  return { status: 200, body: { item: page.map(show), ...(next !== undefined && { position: next }) } };
}

export function pageOf<T>(all: readonly T[], position: string | null): { page: T[]; next: string | undefined } {
  const from = Number(position ?? 0);
  const to = from + pageSize;
  return { page: all.slice(from, to), next: to < all.length ? String(to) : undefined };
}
