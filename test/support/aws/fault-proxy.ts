import http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { errorAnswer, readCall, type AwsAnswer, type AwsCall } from './call';

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

/** How often a fault was applied. */
export interface Strikes {
  fault: Fault;
  times: number;
}

type OnStrike = (strikes: Strikes) => void;

interface Region {
  strikes: Strikes[];
  onStrike: OnStrike | undefined;
  lifted: boolean;
  calls: string[];
  counts: Map<string, number>;
}

export interface FaultProxy {
  url: string;
  /** From now on a region's calls are counted, and meet these faults; `onStrike` is called each time one does. */
  begin(region: string, faults: readonly Fault[], onStrike?: OnStrike): void;
  /** The faults are over. */
  lift(region: string): void;
  /** Operations called since `begin`, in order. */
  calls(region: string): readonly string[];
  /** The faults given to `begin`. */
  strikes(region: string): readonly Strikes[];
  stop(): Promise<void>;
}

/** Stands between us and a stand-in for AWS, which answers `ask`. Regions know nothing of each other. */
export async function startFaultProxy(ask: (call: AwsCall) => Promise<AwsAnswer>): Promise<FaultProxy> {
  const regions = new Map<string, Region>();
  const newRegion = (faults: readonly Fault[] = [], onStrike?: OnStrike): Region => ({
    strikes: faults.map((fault) => ({ fault, times: 0 })),
    onStrike,
    lifted: false,
    calls: [],
    counts: new Map(),
  });
  const regionOf = (name: string) => {
    const region = regions.get(name) ?? newRegion();
    regions.set(name, region);
    return region;
  };

  /** What the call meets; it counts as a strike once that is done to it. */
  function fateOf({ region: name, operation }: AwsCall): { kind: Fault['kind'] | undefined; struck(): void } {
    const region = regionOf(name);
    region.calls.push(operation);
    const nth = (region.counts.get(operation) ?? 0) + 1;
    region.counts.set(operation, nth);
    const met = region.strikes.find(({ fault }) => {
      if (region.lifted) return false;
      if (fault.lasting === 'all') return (region.counts.get(fault.operation) ?? 0) >= fault.nth;
      return fault.operation === operation && (fault.lasting ? nth >= fault.nth : nth === fault.nth);
    });
    const struck = () => {
      if (!met) return;
      met.times += 1;
      region.onStrike?.(met);
    };
    return { kind: met?.fault.kind, struck };
  }

  const server = http.createServer((request, response) => {
    void (async () => {
      const call = await readCall(request);
      const { kind, struck } = fateOf(call);
      if (kind === 'request lost') response.destroy();
      if (kind === 'request lost' || kind === 'hangs') return struck();
      const error = kind && errors[kind];
      if (error) {
        const { status, headers, body } = errorAnswer(call, error[0], error[1](call), 'text that must not get out');
        const asked = kind === 'throttled' ? { ...headers, 'retry-after': String(retryAfterSeconds) } : headers;
        response.writeHead(status, asked).end(body);
        return struck();
      }
      const answer = await ask(call);
      struck();
      if (kind === 'held') return;
      if (kind === 'answer lost') return void response.destroy();
      response.writeHead(answer.status, answer.headers).end(answer.body);
    })().catch(() => response.destroy());
  });

  // Closing a connection just when it is used again would be a fault of our own.
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    begin: (name, faults, onStrike) => void regions.set(name, newRegion(faults, onStrike)),
    lift: (name) => void (regionOf(name).lifted = true),
    calls: (name) => regionOf(name).calls,
    strikes: (name) => regionOf(name).strikes,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const retryAfterSeconds = 3;

const isCognito = (call: AwsCall) => call.headers['x-amz-target'] !== undefined;

const errors: Partial<Record<Fault['kind'], [status: number, name: (call: AwsCall) => string]>> = {
  throttled: [429, () => 'TooManyRequestsException'],
  denied: [403, () => 'AccessDeniedException'],
  breaks: [500, (call) => (isCognito(call) ? 'InternalErrorException' : 'InternalFailure')],
  refused: [400, (call) => (isCognito(call) ? 'InvalidParameterException' : 'BadRequestException')],
};
