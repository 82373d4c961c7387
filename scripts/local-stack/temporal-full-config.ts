interface ServicePorts {
  grpc: number;
  membership: number;
}

export interface FullServerPorts {
  frontend: ServicePorts;
  history: ServicePorts;
  matching: ServicePorts;
  worker: ServicePorts;
  /** The frontend's HTTP API. */
  http: number;
}

export interface FullServer {
  postgresUrl: string;
  ports: FullServerPorts;
  historyShards: number;
  /** Path of the dynamic configuration. */
  dynamicConfig: string;
}

/** Configuration file of Temporal's server: all four services in one process, everything on 127.0.0.1. */
export function serverConfig({ postgresUrl, ports, historyShards, dynamicConfig }: FullServer) {
  const { host, username, password } = new URL(postgresUrl);
  const store = (databaseName: string, connections: number) => ({
    sql: {
      pluginName: 'postgres12_pgx',
      databaseName,
      connectAddr: host,
      connectProtocol: 'tcp',
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      maxConns: connections,
      maxIdleConns: connections,
      maxConnLifetime: '1h',
    },
  });
  const service = ({ grpc, membership }: ServicePorts, more = {}) => ({
    rpc: { grpcPort: grpc, membershipPort: membership, bindOnIP: '127.0.0.1', ...more },
  });
  const frontend = `127.0.0.1:${ports.frontend.grpc}`;
  return {
    log: { stdout: true, level: 'error' },
    persistence: {
      defaultStore: 'default',
      visibilityStore: 'visibility',
      numHistoryShards: historyShards,
      datastores: { default: store('temporal', 40), visibility: store('temporal_visibility', 10) },
    },
    global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
    services: {
      frontend: service(ports.frontend, { httpPort: ports.http }),
      history: service(ports.history),
      matching: service(ports.matching),
      worker: service(ports.worker),
    },
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: {
        active: { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: frontend },
      },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    publicClient: { hostPort: frontend },
    archival: { history: { state: 'disabled' }, visibility: { state: 'disabled' } },
    dynamicConfigClient: { filepath: dynamicConfig, pollInterval: '60s' },
  };
}

/** Configuration file of the Web UI. Its cookie has to travel over plain HTTP here. */
export function uiConfig({ address, port, codecEndpoint }: { address: string; port: number; codecEndpoint?: string }) {
  return {
    temporalGrpcAddress: address,
    host: '127.0.0.1',
    port,
    enableUi: true,
    defaultNamespace: 'default',
    disableNewsFetch: true,
    hideLogs: true,
    cors: { cookieInsecure: true, allowOrigins: [`http://127.0.0.1:${port}`, `http://localhost:${port}`] },
    codec: { endpoint: codecEndpoint ?? '' },
  };
}
