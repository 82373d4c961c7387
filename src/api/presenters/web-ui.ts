import type { Config } from '../../platform/config';

export type WebUi = Pick<Config, 'TEMPORAL_UI_URL' | 'TEMPORAL_NAMESPACE'>;

/** The page of a run, of the last one with the id or of `runId`, in the Temporal Web UI; null where none is set up. Ids contain slashes: unescaped they would be parts of the path. */
export function runPage(
  workflowId: string,
  { TEMPORAL_UI_URL: url, TEMPORAL_NAMESPACE: namespace }: WebUi,
  runId?: string,
): string | null {
  if (url === undefined) return null;
  const page = `${url.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
  return runId === undefined ? page : `${page}/${runId}/history`;
}
