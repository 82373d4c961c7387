import { once } from 'node:events';
import http, { type ClientRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';

/** Stands before AWS, or a stand-in for it, and denies one thing: the stand-in itself denies nothing. */
export interface DenyingProxy {
  /** For `AWS_ENDPOINT_URL`. */
  url: string;
  /** How often it has denied. */
  denials(): number;
  close(): Promise<void>;
}

/**
 * Passes everything on to `upstream`, but nobody may attach keys to the usage plan `deniedPlan`: as where a policy of IAM
 * forgot one.
 */
export async function startDenyingProxy(upstream: string, deniedPlan: string): Promise<DenyingProxy> {
  const { request: send } = new URL(upstream).protocol === 'https:' ? https : http;
  const deniedPath = `/usageplans/${deniedPlan}/keys`;
  let denials = 0;

  function deny(request: IncomingMessage, response: ServerResponse): void {
    denials += 1;
    request.resume();
    const headers = { 'content-type': 'application/json', 'x-amzn-errortype': 'AccessDeniedException' };
    response.writeHead(403, headers).end(JSON.stringify({ message: 'Not authorized to attach keys to this plan' }));
  }

  function passOn(request: IncomingMessage, response: ServerResponse): void {
    const { method, url = '/', headers } = request;
    // A connection a call: one that is kept may be closed by a server of Python's while we use it.
    const passed: ClientRequest = send(new URL(url, upstream), { method, headers, agent: false }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    passed.on('error', () => response.destroy());
    response.on('close', () => passed.destroy());
    request.pipe(passed);
  }

  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', upstream);
    if (request.method === 'POST' && pathname === deniedPath) deny(request, response);
    else passOn(request, response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    denials: () => denials,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
