import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls, type SecureContext } from 'node:tls';
import { codeOf, ExchangeFailure, isOwnTrouble } from './failure';

/** An origin together with the addresses that were checked for it. */
export interface Destination {
  readonly secure: boolean;
  /** As in the URL, IPv6 without brackets: what the certificate must be for. */
  readonly hostname: string;
  readonly port: number;
  /** Not empty. */
  readonly addresses: readonly string[];
}

/**
 * What the next TLS connection to one origin resumes, to save both sides a handshake. Node hands a session out only after
 * it verified the certificate for that origin's name.
 */
export interface TlsResumption {
  session: Buffer | null;
  /** When it came, as of `performance.now()`. */
  since: number;
}

/** A resumed session is not verified again: after this long a certificate is. */
const resumableMs = 5 * 60_000;

/** How long the next of several addresses waits for the one before. */
const nextAddressAfterMs = 500;

/**
 * Opens a connection to one of the checked addresses and to nothing else, and calls back once, with a socket that is
 * ready for a request or with an {@link ExchangeFailure}, or another error that is this machine's own trouble. TLS starts only after the peer's address has been verified.
 * @returns what gives the attempt up; nothing is called back then
 */
export function openSocket(
  destination: Destination,
  secureContext: SecureContext,
  resumption: TlsResumption,
  callback: (...result: [failure: Error, socket: null] | [failure: null, socket: Socket]) => void,
): () => void {
  const { hostname, port, addresses } = destination;
  const tcp = connectTcp({
    host: hostname,
    port,
    // Not called when the host is an address itself: the only one in `addresses` then.
    lookup: answerWith(addresses),
    autoSelectFamily: addresses.length > 1,
    autoSelectFamilyAttemptTimeout: nextAddressAfterMs,
    noDelay: true,
  });
  let socket = tcp;
  let settled = false;

  function settle(failure: Error | null): void {
    if (settled) return;
    settled = true;
    if (failure) {
      socket.destroy();
      tcp.destroy();
      callback(failure, null);
    } else {
      callback(null, socket);
    }
  }
  const where = addresses.join(' ');
  const onTcpError = (error: Error) => {
    const code = codeOf(error);
    if (isOwnTrouble(error)) settle(error);
    else if (socket !== tcp) settle(new ExchangeFailure('tls_error', `${code} (${where})`));
    else settle(new ExchangeFailure(code === 'ETIMEDOUT' ? 'timeout' : 'connect_error', `${code} (${where})`));
  };
  const onTlsError = (error: Error) => settle(new ExchangeFailure('tls_error', `${codeOf(error)} (${where})`));

  // These stay when all is settled: an error without a listener would end the process.
  tcp.on('error', onTcpError);
  tcp.once('connect', () => {
    if (settled) return;
    if (!tcp.remoteAddress) {
      // Already reset by the peer.
      settle(new ExchangeFailure('connect_error', `ENOTCONN (${where})`));
    } else if (!addresses.includes(tcp.remoteAddress)) {
      settle(new ExchangeFailure('blocked_address', `connected to ${tcp.remoteAddress}, checked ${where}`));
    } else if (!destination.secure) {
      settle(null);
    } else {
      const secured = connectTls({
        socket: tcp,
        host: hostname,
        servername: isIP(hostname) ? undefined : hostname,
        secureContext,
        ALPNProtocols: ['http/1.1'],
        ...(resumption.session && performance.now() < resumption.since + resumableMs
          ? { session: resumption.session }
          : {}),
        // Said here so that NODE_TLS_REJECT_UNAUTHORIZED has no say.
        rejectUnauthorized: true,
      });
      socket = secured;
      secured.on('error', onTlsError);
      secured.on('session', (session: Buffer) => {
        // A resumed connection leads on to others: the time since the verification counts.
        const since = secured.isSessionReused() ? resumption.since : performance.now();
        Object.assign(resumption, { session, since });
      });
      socket.once('secureConnect', () => settle(null));
    }
  });

  return () => {
    if (settled) return;
    settled = true;
    socket.destroy();
    tcp.destroy();
  };
}

function answerWith(addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  return (_hostname, options, callback) => {
    const first = found[0];
    if (options.all) callback(null, found);
    else callback(null, first?.address ?? '', first?.family ?? 0);
  };
}
