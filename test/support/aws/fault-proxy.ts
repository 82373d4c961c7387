import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { errorAnswer, readCall, type AwsCall } from './call';

/** What may go wrong between us and AWS. */
export const faultKinds = ['request lost', 'answer lost', 'hangs', 'throttled', 'denied', 'breaks'] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  /**
   * `refused`: AWS finds the request wrong. `held`: AWS does it and the answer never comes. `noticed`: nothing goes wrong
   * with the call.
   */
  kind: FaultKind | 'refused' | 'held' | 'noticed';
  operation: string;
  /** The call of that operation that is struck, from 1. */
  nth: number;
  /** Later calls too, of that operation or of all, until the faults are lifted. */
  lasting?: 'operation' | 'all';
}

interface Region {
  faults: Fault[];
  calls: string[];
  counts: Map<string, number>;
  struck: Set<Fault>;
  onStrike: (() => void) | undefined;
}

export interface FaultProxy {
  url: string;
  /** From now on a region's calls are counted, and meet these faults; `onStrike` is called when the first one does. */
  begin(region: string, faults: Fault[], onStrike?: () => void): void;
  /** The faults are over. */
  lift(region: string): void;
  /** Operations called since `begin`, in order. */
  calls(region: string): readonly string[];
  /** Whether every fault of the region has been met. */
  allStruck(region: string): boolean;
  stop(): Promise<void>;
}

/** Stands between us and a stand-in for AWS. Regions know nothing of each other. */
export async function startFaultProxy(upstream: string): Promise<FaultProxy> {
  const regions = new Map<string, Region>();
  const agent = new http.Agent({ keepAlive: true });
  const newRegion = (): Region => ({
    faults: [],
    calls: [],
    counts: new Map(),
    struck: new Set(),
    onStrike: undefined,
  });
  const regionOf = (name: string) => {
    const region = regions.get(name) ?? newRegion();
    regions.set(name, region);
    return region;
  };

  function faultOf(call: AwsCall): Fault['kind'] | undefined {
    const region = regionOf(call.region);
    region.calls.push(call.operation);
    const nth = (region.counts.get(call.operation) ?? 0) + 1;
    region.counts.set(call.operation, nth);
    const fault = region.faults.find((one) => {
      if (one.lasting === 'all' && region.struck.has(one)) return true;
      if (one.operation !== call.operation) return false;
      return one.lasting ? nth >= one.nth : nth === one.nth;
    });
    if (!fault) return undefined;
    if (!region.struck.has(fault)) region.struck.add(fault);
    return fault.kind;
  }

  const server = http.createServer((request, response) => {
    void (async () => {
      const call = await readCall(request);
      const kind = faultOf(call);
      const strike = () => regionOf(call.region).onStrike?.();
      if (kind === 'request lost') return void response.destroy();
      if (kind === 'hangs') return strike();
      const error = kind && errors[kind];
      if (error) {
        strike();
        const { status, headers, body } = errorAnswer(call, error[0], error[1](call), 'text that must not get out');
        const asked = kind === 'throttled' ? { ...headers, 'retry-after': '1' } : headers;
        return void response.writeHead(status, asked).end(body);
      }
      const answer = await forward(call);
      if (kind) strike();
      if (kind === 'answer lost') return void response.destroy();
      if (kind === 'held') return;

      response.writeHead(answer.status, answer.headers).end(answer.body);
    })().catch(() => response.destroy());
  });

  async function forward({ method, url, headers, body }: AwsCall) {
    const request = http.request(upstream + url.pathname + url.search, { method, headers, agent });
    request.end(body);
    const [answer] = (await once(request, 'response')) as [http.IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(Buffer.from(chunk));
    const kept = { ...answer.headers };
    delete kept.connection;
    delete kept['transfer-encoding'];
    return { status: answer.statusCode ?? 500, headers: kept, body: Buffer.concat(chunks) };
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    begin: (name, faults, onStrike) => void regions.set(name, { ...newRegion(), faults, onStrike }),
    lift: (name) => void (regionOf(name).faults = []),
    calls: (name) => regionOf(name).calls,
    allStruck: (name) => regionOf(name).faults.every((fault) => regionOf(name).struck.has(fault)),
    async stop() {
      server.closeAllConnections();
      server.close();
      agent.destroy();
      await once(server, 'close');
    },
  };
}

const isCognito = (call: AwsCall) => call.headers['x-amz-target'] !== undefined;

const errors: Partial<Record<Fault['kind'], [status: number, name: (call: AwsCall) => string]>> = {
  throttled: [429, () => 'TooManyRequestsException'],
  denied: [403, () => 'AccessDeniedException'],
  breaks: [500, (call) => (isCognito(call) ? 'InternalErrorException' : 'InternalFailure')],
  refused: [400, (call) => (isCognito(call) ? 'InvalidParameterException' : 'BadRequestException')],
};
