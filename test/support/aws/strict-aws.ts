import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { errorAnswer, readCall, type AwsAnswer, type AwsCall } from './call';
import { AwsRefusal } from './strict-answer';
import { strictApiGateway, type StrictApiGateway } from './strict-api-gateway';
import { strictCognito, type StrictCognito } from './strict-cognito';

export interface StrictRegion {
  gateway: StrictApiGateway;
  cognito: StrictCognito;
}

export interface StrictAccount {
  answer(call: AwsCall): AwsAnswer;
  /** What AWS holds there: to be set up, and to be looked at. */
  region(name: string): StrictRegion;
}

/**
 * The operations that credentials need, as strict as AWS where moto is not: an update of an app client resets what it
 * leaves out, attaching twice or to a shared stage is a conflict, deleting what is not there is not found, pages are
 * short, `customerId` filters, names and tags are checked, and what is new is listed only after a while.
 */
export function createStrictAccount({ visibleAfterMs = 300 } = {}): StrictAccount {
  const regions = new Map<string, StrictRegion>();
  const regionOf = (name: string) => {
    const region = regions.get(name) ?? {
      gateway: strictApiGateway({ visibleAfterMs }),
      cognito: strictCognito({ visibleAfterMs }),
    };
    regions.set(name, region);
    return region;
  };

  function answer(call: AwsCall): AwsAnswer {
    const { gateway, cognito } = regionOf(call.region);
    const service = call.headers['x-amz-target'] === undefined ? gateway : cognito;
    try {
      const found = service.answer(call);
      if (!found) throw new AwsRefusal(400, 'UnknownOperationException', `${call.method} ${call.url.pathname}`);
      const type = service === gateway ? 'application/json' : 'application/x-amz-json-1.1';
      const headers = { 'content-type': type, 'x-amzn-requestid': 'strict' };
      return { status: found.status, headers, body: found.body === undefined ? '' : JSON.stringify(found.body) };
    } catch (error) {
      const refusal = error instanceof AwsRefusal ? error : new AwsRefusal(500, 'InternalFailure', String(error));
      return errorAnswer(call, refusal.status, refusal.awsName, refusal.message);
    }
  }

  return { answer, region: regionOf };
}

/** The same as a server. */
export interface StrictAws extends StrictAccount {
  url: string;
  stop(): Promise<void>;
}

export async function startStrictAws(): Promise<StrictAws> {
  const aws = createStrictAccount();
  const server = http.createServer((request, response) => {
    void (async () => {
      const { status, headers, body } = aws.answer(await readCall(request));
      response.writeHead(status, headers).end(body);
    })().catch(() => response.destroy());
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    ...aws,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
