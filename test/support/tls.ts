import { generate } from 'selfsigned';

/** A key and its certificate, both PEM. */
export interface Identity {
  key: string;
  cert: string;
}

export interface Authority {
  /** PEM, to be trusted. */
  ca: string;
  /** @param notAfterDate in the past for an expired certificate; default in a year */
  issue(hostname: string, notAfterDate?: Date): Promise<Identity>;
}

const day = 24 * 60 * 60 * 1000;

/** A certificate authority of its own, for receivers that speak TLS. */
export async function createAuthority(name = 'Test authority'): Promise<Authority> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  return {
    ca: cert,
    issue: (hostname, notAfterDate = new Date(Date.now() + 365 * day)) =>
      certificateFor(hostname, notAfterDate, { key, cert }),
  };
}

export function selfSigned(hostname: string): Promise<Identity> {
  return certificateFor(hostname, new Date(Date.now() + 365 * day));
}

async function certificateFor(hostname: string, notAfterDate: Date, ca?: Identity): Promise<Identity> {
  const issued = await generate([{ name: 'commonName', value: hostname }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 30 * day),
    notAfterDate,
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: hostname }] }],
    ...(ca ? { ca } : {}),
  });
  return { key: issued.private, cert: issued.cert };
}
