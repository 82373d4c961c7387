import http from 'node:http';
import { once } from 'node:events';
import type { AwsAnswer, AwsCall } from './call';

/** Asks a stand-in that is a server of its own. */
export async function forwardTo(upstream: string, { method, url, headers, body }: AwsCall): Promise<AwsAnswer> {
  const request = http.request(upstream + url.pathname + url.search, { method, headers, agent: false });
  request.end(body);
  const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(Buffer.from(chunk));
  const kept = { ...answer.headers };
  delete kept.connection;
  delete kept['transfer-encoding'];
  return { status: answer.statusCode ?? 500, headers: kept, body: Buffer.concat(chunks) };
}
