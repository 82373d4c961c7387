import type { AttemptDocument } from './api-documents';

/** `200`, `503 http_status`, `connect_error`. */
export function outcomeOf({ statusCode, errorClass }: Pick<AttemptDocument, 'statusCode' | 'errorClass'>): string {
  return [statusCode, errorClass].filter((part) => part !== null).join(' ');
}
