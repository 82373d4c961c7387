import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { z } from 'zod';
import { commandLine } from '../installation';
import { characters, type SoakReceivers } from './receivers';

/** A publisher of one tenant. */
export interface SoakTenant {
  number: number;
  tenantId: string;
  /** Status of the answer; null: there was none. Any of the APIs is asked. */
  call(method: 'GET' | 'POST', path: string, body?: object): Promise<{ status: number | null; body: unknown }>;
}

export const eventType = 'everhook.test';
/** A token lives for an hour. */
const tokenGoodForMs = 20 * 60_000;
/** Longer than the API lets anybody wait. */
const requestMs = 60_000;

const created = z.object({ tenantId: z.string(), clientId: z.string(), clientSecret: z.string() });
const tokenAnswer = z.object({ access_token: z.string() });
const webhookAnswer = z.object({ secret: z.string() });

/** A new tenant with a webhook at each of its receivers. `apiUrl` gives one of the APIs, another one each time. */
export async function createSoakTenant(
  number: number,
  options: { env: NodeJS.ProcessEnv; apiUrl: () => string; receivers: SoakReceivers },
): Promise<SoakTenant> {
  const { env, apiUrl, receivers } = options;
  const args = [commandLine, 'tenant', 'create', '--name', `soak ${number}`, '--json'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  const { tenantId, clientId, clientSecret } = created.parse(JSON.parse(stdout));
  const basic = `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  let token = { value: '', until: 0 };

  async function authorization(): Promise<string> {
    if (Date.now() < token.until) return token.value;
    const answer = await fetch(`${apiUrl()}/oauth2/token`, {
      method: 'POST',
      headers: { authorization: basic },
      body: new URLSearchParams({ grant_type: 'client_credentials' }),
      signal: AbortSignal.timeout(requestMs),
    });
    const { access_token: value } = tokenAnswer.parse(await answer.json());
    token = { value: `Bearer ${value}`, until: Date.now() + tokenGoodForMs };
    return token.value;
  }

  const call: SoakTenant['call'] = async (method, path, body) => {
    try {
      const answer = await fetch(apiUrl() + path, {
        method,
        headers: { authorization: await authorization(), 'content-type': 'application/json' },
        signal: AbortSignal.timeout(requestMs),
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: answer.status, body: await answer.json() };
    } catch {
      return { status: null, body: null };
    }
  };

  for (const character of characters) {
    const webhook = { targetUrl: receivers.urlOf(number, character), events: [eventType] };
    const { status, body } = await call('POST', '/api/v1/webhooks', webhook);
    if (status !== 201) throw new Error(`no webhook could be made: ${status} ${JSON.stringify(body)}`);
    receivers.knowSecret(number, character, webhookAnswer.parse(body).secret);
  }
  return { number, tenantId, call };
}
