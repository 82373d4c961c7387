import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiClient } from '../api-client';
import { credentialDocument, pageOf, read, type CredentialDocument } from '../api-documents';
import { printable, table } from '../output';
import { plain } from '../paint';
import type { AwsKey, DemoAws } from './aws';
import { appNames, type AppName, type PortalAccount, type PortalCall, type PortalCalls } from './portal';

/** The demo's portal, the AWS that it gets credentials of, and the answers it gets. */
export interface CredentialsPart {
  aws: DemoAws;
  account: PortalAccount;
  calls: Promise<PortalCalls>;
}

/** All credentials of the tenant with their steps, oldest first. */
export async function listCredentials(api: ApiClient): Promise<CredentialDocument[]> {
  const answer = await api.credentials.list({ limit: 250 }).page();
  return read(pageOf(credentialDocument), answer).data.reverse();
}

const underWay: readonly string[] = ['provisioning', 'revoking'];
/** Far more than it takes; a machine may be busy. */
const settleWithinMs = 60_000;
const pollMs = 100;

/** What became of what a portal asked for. */
export interface Asked {
  calls: PortalCalls;
  credentials: readonly CredentialDocument[];
  /** All that AWS has. */
  keys: readonly AwsKey[];
}

/** The same once no credential is being made or taken away any more. */
export async function untilCredentialsSettled(api: ApiClient, part: CredentialsPart): Promise<Asked> {
  const calls = await part.calls;
  const deadline = Date.now() + settleWithinMs;
  for (;;) {
    const credentials = await listCredentials(api);
    if (!credentials.some(({ status }) => underWay.includes(status)) || Date.now() > deadline) {
      return { calls, credentials, keys: await part.aws.keys() };
    }
    await sleep(pollMs);
  }
}

export const isOf =
  (appName: AppName) =>
  (credential: CredentialDocument): boolean =>
    credential.appName === appName;

export const keysOf = ({ id }: CredentialDocument, keys: readonly AwsKey[]): AwsKey[] =>
  keys.filter(({ customerId }) => customerId === id);

const marks: Partial<Record<string, string>> = { done: '✓', failed: '✗' };

/** Step by step; never the value of a key. */
export function renderStory({ calls, credentials, keys }: Asked): string {
  const blocks = appNames.map((appName) => {
    const credential = credentials.find(isOf(appName));
    return [
      `${appName.padEnd(9)} ${calls[appName].map(answerOf).join('; ')}`,
      ...(credential?.steps ?? []).map(
        ({ operation = '', name, status, error }) =>
          `  ${marks[status] ?? '…'} ${operation.padEnd(7)} ${name}${error ? `: ${error}` : ''}`,
      ),
      `  AWS has ${credential ? describeKeys(keysOf(credential, keys)) : 'no key of it'}`,
      ...(credential?.temporalUrl ? [`  ${credential.temporalUrl}`] : []),
    ].map(printable);
  });
  return ['Credentials that a portal asked for, each with its steps on AWS:', ...blocks.flat()].join('\n');
}

/** `createCredentials 200 in 0.8 s: API key k3yid00001` */
function answerOf({ call, status, code, durationMs, apiKeyId }: PortalCall): string {
  const answer = [call, status, ...(code === null ? [] : [code]), `in ${(durationMs / 1000).toFixed(1)} s`].join(' ');
  return apiKeyId === null ? answer : `${answer}: API key ${apiKeyId}`;
}

function describeKeys(keys: readonly AwsKey[]): string {
  return (
    keys.map(({ id, enabled }) => `the key ${id}, ${enabled ? 'enabled' : 'disabled'}`).join('; ') || 'no key of it'
  );
}

/** The live table and, where there is room for them, links to the runs in the Temporal Web UI. */
export function renderCredentials(credentials: readonly CredentialDocument[], options: { links: boolean }): string {
  const rows = credentials.map((one) => [
    one.appName,
    one.status,
    one.apiKeyId ?? '',
    String(one.steps.length),
    lastStep(one),
  ]);
  const drawn = table(['CREDENTIAL', 'STATUS', 'API KEY', 'STEPS', 'LAST STEP'], rows, plain);
  const links = credentials.flatMap(({ appName, temporalUrl }) =>
    temporalUrl ? [`  ${printable(appName)}  ${printable(temporalUrl)}`] : [],
  );
  return options.links && links.length > 0 ? `${drawn}\n\n${links.join('\n')}` : drawn;
}

/** One line a change, where a table can't be drawn again. */
export function renderCredentialChange(credential: CredentialDocument, now: Date): string {
  const last = lastStep(credential);
  return [
    now.toISOString().slice(11, 19),
    'credential',
    printable(credential.appName).padEnd(24),
    credential.status,
    ...(last ? [`last ${printable(last)}`] : []),
  ].join('  ');
}

/** The ones that are not as `seen` has them; brings it up to date. */
export function changedCredentials(
  credentials: readonly CredentialDocument[],
  seen: Map<string, string>,
): CredentialDocument[] {
  return credentials.filter((one) => {
    const state = `${one.status} ${one.steps.length} ${lastStep(one)}`;
    if (seen.get(one.id) === state) return false;
    seen.set(one.id, state);
    return true;
  });
}

function lastStep({ steps }: CredentialDocument): string {
  const last = steps.at(-1);
  return last ? `${last.name} ${last.status}` : '';
}
