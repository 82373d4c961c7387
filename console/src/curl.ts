/** The same request as a command line, for empty states and for whoever automates it. Its token is the reader's. */
export function curlOf(method: string, path: string, body?: unknown): string {
  const json = body === undefined ? null : JSON.stringify(body, null, 2).replaceAll("'", "'\\''");
  return [
    `curl${method === 'GET' ? '' : ` -X ${method}`} ${location.origin}${path}`,
    `  -H "Authorization: Bearer $TOKEN"`,
    ...(json === null ? [] : [`  -H 'Content-Type: application/json'`, `  -d '${json}'`]),
  ].join(' \\\n');
}
