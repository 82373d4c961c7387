import { Resolver } from 'node:dns/promises';
import { existsSync } from 'node:fs';
import type { Config } from '../../platform/config';
import { findingsOf, type Finding } from './finding';

const { ok, warning, failed } = findingsOf('egress');

const proxies = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'NODE_USE_ENV_PROXY',
];
const answerMs = 3_000;

/** What stands between the workers and receivers, as far as settings tell. */
export async function lookAtEgress(config: Config, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const findings: Finding[] = [];
  const proxy = proxies.find((name) => env[name]);
  findings.push(
    proxy
      ? warning('proxy', `${proxy} is set: deliveries never use a proxy`, `unset ${proxy}`)
      : ok('proxy', 'none is set, and none is used'),
  );
  const opened = config.EGRESS_ALLOW.map(({ origin }) => origin);
  findings.push(
    opened.length > 0
      ? warning('EGRESS_ALLOW', `opens ${opened.join(', ')} to every tenant`, 'leave it empty in production')
      : ok('EGRESS_ALLOW', 'no private address is open'),
  );
  if (env.NODE_TLS_REJECT_UNAUTHORIZED === '0') {
    findings.push(
      warning('TLS', 'NODE_TLS_REJECT_UNAUTHORIZED=0 turns verification off', 'unset NODE_TLS_REJECT_UNAUTHORIZED'),
    );
  }
  const authorities = env.NODE_EXTRA_CA_CERTS;
  if (authorities && !existsSync(authorities)) {
    findings.push(failed('TLS', `NODE_EXTRA_CA_CERTS: there is no file ${authorities}`, `put the certificates there`));
  }
  for (const server of config.EGRESS_DNS_SERVERS) findings.push(await lookAtResolver(server));
  return findings;
}

/** Whether it answers at all: that there is no such name is an answer. */
async function lookAtResolver(server: string): Promise<Finding> {
  const resolver = new Resolver({ timeout: answerMs, tries: 1 });
  resolver.setServers([server]);
  const silent = await resolver.resolve4('example.com').then(
    () => null,
    ({ code }: NodeJS.ErrnoException) => (code === 'ENOTFOUND' || code === 'ENODATA' ? null : (code ?? 'no answer')),
  );
  if (silent === null) return ok(`resolver ${server}`, 'answers');
  return failed(
    `resolver ${server}`,
    `does not answer: ${silent}`,
    `dig @${server.replace(/:\d+$/, '')} example.com; see EGRESS_DNS_SERVERS`,
  );
}
