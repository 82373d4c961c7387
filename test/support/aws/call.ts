import type { IncomingMessage } from 'node:http';

/** A request to AWS, read to its end. */
export interface AwsCall {
  method: string;
  url: URL;
  headers: IncomingMessage['headers'];
  body: string;
  /** Such as `CreateApiKey`. */
  operation: string;
  /** From its signature. What a test does it does in a region of its own. */
  region: string;
}

/** What AWS says, as it goes over the wire. */
export interface AwsAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string | Buffer;
}

/** Cognito's and KMS's. */
const target = /^(?:AWSCognitoIdentityProviderService|TrentService)\.(\w+)$/;

const restOperations: [method: string, path: RegExp, operation: string][] = [
  ['POST', /^\/apikeys$/, 'CreateApiKey'],
  ['GET', /^\/apikeys$/, 'GetApiKeys'],
  ['GET', /^\/apikeys\/[^/]+$/, 'GetApiKey'],
  ['PATCH', /^\/apikeys\/[^/]+$/, 'UpdateApiKey'],
  ['DELETE', /^\/apikeys\/[^/]+$/, 'DeleteApiKey'],
  ['GET', /^\/usageplans$/, 'GetUsagePlans'],
  ['GET', /^\/usageplans\/[^/]+$/, 'GetUsagePlan'],
  ['POST', /^\/usageplans\/[^/]+\/keys$/, 'CreateUsagePlanKey'],
  ['GET', /^\/usageplans\/[^/]+\/keys\/[^/]+$/, 'GetUsagePlanKey'],
  ['DELETE', /^\/usageplans\/[^/]+\/keys\/[^/]+$/, 'DeleteUsagePlanKey'],
];

export async function readCall(request: IncomingMessage): Promise<AwsCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  const url = new URL(request.url ?? '/', 'http://aws');
  const method = request.method ?? 'GET';
  const operation =
    target.exec(String(request.headers['x-amz-target'] ?? ''))?.[1] ??
    restOperations.find(([verb, path]) => verb === method && path.test(url.pathname))?.[2];
  const region = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? '')?.[1];
  const body = Buffer.concat(chunks).toString('utf8');
  return { method, url, headers: request.headers, body, operation: operation ?? 'Unknown', region: region ?? '' };
}

/** An error as the service that was called writes it: Cognito knows only 400 and 500. */
export function errorAnswer(call: AwsCall, status: number, name: string, message: string): AwsAnswer {
  const cognito = call.headers['x-amz-target'] !== undefined;
  const headers = {
    'content-type': cognito ? 'application/x-amz-json-1.1' : 'application/json',
    'x-amzn-errortype': name,
    'x-amzn-requestid': 'test-request',
  };
  return {
    status: cognito ? (status >= 500 ? 500 : 400) : status,
    headers,
    body: JSON.stringify(cognito ? { __type: name, message } : { message }),
  };
}
