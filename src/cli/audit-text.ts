import type { AuditEntry } from '../store/audit';
import { printable } from './output';

/** An entry as the command line gives it: JSON lines, and by its keys the columns of CSV. */
export const auditDocument = (entry: AuditEntry) => ({
  id: entry.id,
  at: entry.at.toISOString(),
  tenantId: entry.tenantId,
  actor: entry.actor,
  action: entry.action,
  objectType: entry.objectType,
  objectId: entry.objectId,
  fields: entry.fields,
  address: entry.address,
  requestId: entry.requestId,
  outcome: entry.outcome,
  count: entry.count,
});
export type AuditDocument = ReturnType<typeof auditDocument>;

const columns = [
  'id',
  'at',
  'tenantId',
  'actor',
  'action',
  'objectType',
  'objectId',
  'fields',
  'address',
  'requestId',
  'outcome',
  'count',
] as const satisfies readonly (keyof AuditDocument)[];

/** What a file of this format begins with, and a line of it. */
export interface AuditFormat {
  head: string;
  line(document: AuditDocument): string;
}

export const auditFormats = {
  jsonl: { head: '', line: (document) => `${JSON.stringify(document)}\n` },
  // RFC 4180. Several fields are one cell, with blanks in between.
  csv: {
    head: `${columns.join(',')}\r\n`,
    line: (document) => `${columns.map((name) => cell(document[name])).join(',')}\r\n`,
  },
} satisfies Record<string, AuditFormat>;
export type AuditFormatName = keyof typeof auditFormats;

function cell(value: AuditDocument[keyof AuditDocument]): string {
  const text = Array.isArray(value) ? value.join(' ') : String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** One line for people: `2026-01-31T09:30:00.000Z  client:…  webhook.update …  headers  from 192.0.2.1`. */
export function auditLine(entry: AuditDocument): string {
  const parts = [
    entry.at,
    entry.actor,
    `${entry.outcome === 'failure' ? 'refused ' : ''}${entry.action}${entry.objectId === '' ? '' : ` ${entry.objectId}`}`,
    entry.fields.join(','),
    entry.count > 1 ? `${entry.count} times` : '',
    entry.address === null ? '' : `from ${entry.address}`,
    entry.tenantId === null ? '' : `tenant ${entry.tenantId}`,
  ];
  return printable(parts.filter((part) => part !== '').join('  '));
}
