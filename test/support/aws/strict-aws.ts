import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { errorAnswer, readCall } from './call';
import { AwsRefusal } from './strict-answer';
import { strictApiGateway, type StrictApiGateway } from './strict-api-gateway';
import { strictCognito, type StrictCognito } from './strict-cognito';

export interface StrictRegion {
  gateway: StrictApiGateway;
  cognito: StrictCognito;
}

export interface StrictAws {
  url: string;
  /** What AWS holds there: to be set up, and to be looked at. */
  region(name: string): StrictRegion;
  stop(): Promise<void>;
}

/**
 * The operations that credentials need, as strict as AWS where moto is not: an update of an app client resets what it
 * leaves out, attaching twice or to a shared stage is a conflict, deleting what is not there is not found, pages are
 * short, `customerId` filters, names and tags are checked, and what is new is listed only after a while.
 */
export async function startStrictAws({ visibleAfterMs = 300 } = {}): Promise<StrictAws> {
  const regions = new Map<string, StrictRegion>();
  const regionOf = (name: string) => {
    const region = regions.get(name) ?? {
      gateway: strictApiGateway({ visibleAfterMs }),
      cognito: strictCognito({ visibleAfterMs }),
    };
    regions.set(name, region);
    return region;
  };

  const server = http.createServer((request, response) => {
    void (async () => {
      const call = await readCall(request);
      const { gateway, cognito } = regionOf(call.region);
      const write = (status: number, headers: Record<string, string>, body: string) =>
        void response.writeHead(status, { 'x-amzn-requestid': 'strict', ...headers }).end(body);
      try {
        const service = call.headers['x-amz-target'] === undefined ? gateway : cognito;
        const answer = service.answer(call);
        if (!answer) throw new AwsRefusal(400, 'UnknownOperationException', `${call.method} ${call.url.pathname}`);
        const type = service === gateway ? 'application/json' : 'application/x-amz-json-1.1';
        write(answer.status, { 'content-type': type }, answer.body === undefined ? '' : JSON.stringify(answer.body));
      } catch (error) {
        const refusal = error instanceof AwsRefusal ? error : new AwsRefusal(500, 'InternalFailure', String(error));
        const { status, headers, body } = errorAnswer(call, refusal.status, refusal.awsName, refusal.message);
        write(status, headers, body);
      }
    })().catch(() => response.destroy());
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: regionOf,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
