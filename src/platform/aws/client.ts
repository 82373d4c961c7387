import { APIGatewayClient } from '@aws-sdk/client-api-gateway';
import { CognitoIdentityProviderClient } from '@aws-sdk/client-cognito-identity-provider';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { createApiGateway, type ApiGateway } from './api-gateway';
import { createCognito, type Cognito } from './cognito';

/** The parts of AWS that credentials are made of, by region. */
export interface Aws {
  apiGateway(region: string | null): ApiGateway;
  cognito(region: string | null): Cognito;
  close(): void;
}

const connectionTimeoutMs = 1_000;
const requestTimeoutMs = 5_000;

/**
 * Clients as the saga needs them. One attempt: the SDK would repeat exactly those calls that may have happened, and make a
 * second key. `throwOnRequestTimeout`: without it a timeout is only logged.
 *
 * @param endpoint of a stand-in; null: AWS itself
 * @param region for places that name none; null: the SDK's own chain, as for credentials
 */
export function createAws({ endpoint, region }: { endpoint: string | null; region: string | null }): Aws {
  const requestHandler = new NodeHttpHandler({
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    throwOnRequestTimeout: true,
  });
  const optionsOf = (of: string | null) => {
    const place = of ?? region;
    return {
      requestHandler,
      maxAttempts: 1,
      ...(endpoint !== null && { endpoint }),
      ...(place !== null && { region: place }),
    };
  };
  const gateways = new Map<string | null, ApiGateway>();
  const cognitos = new Map<string | null, Cognito>();

  return {
    apiGateway: (of) => known(gateways, of, () => createApiGateway(new APIGatewayClient(optionsOf(of)))),
    cognito: (of) => known(cognitos, of, () => createCognito(new CognitoIdentityProviderClient(optionsOf(of)))),
    close: () => requestHandler.destroy(),
  };
}

/** A client a region: there are few, and each keeps its connections and its session token. */
function known<T>(cache: Map<string | null, T>, key: string | null, make: () => T): T {
  const found = cache.get(key) ?? make();
  cache.set(key, found);
  return found;
}
