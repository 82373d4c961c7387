import { parseAllowedOrigins } from '../../../src/domain/url-policy';
import { createEgress, type Egress, type EgressRequest, type EgressResult } from '../../../src/platform/egress/egress';

export interface OpenEgress extends Egress {
  /** A POST of `{}` with a deadline of 5 s, unless said otherwise. */
  post(url: string, rest?: Partial<EgressRequest>): Promise<EgressResult>;
}

/** An egress for one test; `allow` as in EGRESS_ALLOW. */
export function openEgress(options: { allow?: string; dnsServers?: string[]; extraCa?: string[] } = {}): OpenEgress {
  const { allow = '', dnsServers = [], extraCa = [] } = options;
  const egress = createEgress({ allowedOrigins: parseAllowedOrigins(allow), dnsServers, extraCa });
  return {
    ...egress,
    post: (url, rest = {}) =>
      egress.send({
        tenantId: 'tenant',
        url,
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: Buffer.from('{}'),
        deadlineMs: 5000,
        ...rest,
      }),
  };
}
