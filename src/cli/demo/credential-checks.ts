import type { CredentialDocument } from '../api-documents';
import { check, type Check } from './checks';
import { isOf, keysOf, type Asked } from './credentials';
import { appNames, type AppName } from './portal';

/** Everything that `demo --once` has seen of credentials once they are settled. */
export interface ObservedCredentials extends Asked {
  /** How often AWS has denied a step. */
  denials: number;
  /** All that Everhook has logged. */
  log: string;
  /** How Temporal says that a credential's run ended, by credential id. */
  runs: ReadonlyMap<string, string>;
}

const made = ['check-usage-plans', 'create-api-key', 'attach-usage-plan', 'enable-api-key'];
const removed = ['disable-api-key', 'read-usage-plans', 'detach-usage-plan', 'delete-api-key'];

/** What must have become of each, its steps in order without what they are about. */
const expected: Record<AppName, { name: string; answers: string; status: string; steps: string[] }> = {
  kept: {
    name: 'made: the portal got the key, and AWS has it enabled',
    answers: '200',
    status: 'active',
    steps: made,
  },
  undone: {
    name: 'denied by AWS at the third step: undone, and AWS has nothing of it',
    answers: '502 aws_refused',
    status: 'failed',
    steps: ['check-usage-plans', 'create-api-key', 'attach-usage-plan failed', 'detach-usage-plan', 'delete-api-key'],
  },
  revoked: {
    name: 'revoked: AWS has nothing of it',
    answers: '200, 204',
    status: 'revoked',
    steps: [...made, ...removed],
  },
};

/** What must hold of credentials at the end of `demo --once`. */
export function checkCredentials(observed: ObservedCredentials): Check[] {
  const { calls, credentials, keys, denials, log, runs } = observed;
  const told = appNames.flatMap((appName) => calls[appName].flatMap(({ apiKey }) => apiKey?.reveal() ?? []));
  const documents = JSON.stringify(credentials);

  function problemsOf(appName: AppName): string[] {
    const { answers, status, steps } = expected[appName];
    const answered = calls[appName].map((one) => [one.status, ...(one.code === null ? [] : [one.code])].join(' '));
    const credential = credentials.find(isOf(appName));
    if (!credential) return [`the portal was answered ${answered.join(', ')}`, 'it is not there'];
    return [
      ...differing('the portal was answered', answered.join(', '), answers),
      ...differing('it is', credential.status, status),
      ...differing('its steps are', stepsOf(credential).join(', '), steps.join(', ')),
      ...(appName === 'kept' ? problemsOfKey(credential) : keysOf(credential, keys).map(({ id }) => `AWS has ${id}`)),
    ];
  }

  function problemsOfKey(credential: CredentialDocument): string[] {
    const [answer] = calls.kept;
    const [key, ...others] = keysOf(credential, keys);
    if (!key) return ['AWS does not have it'];
    return [
      ...others.map(({ id }) => `AWS has ${id} too`),
      ...(key.enabled ? [] : ['AWS has it disabled']),
      ...(key.id === answer?.apiKeyId && key.id === credential.apiKeyId ? [] : ['AWS has it by another id']),
      ...(key.value.reveal() === answer?.apiKey?.reveal() ? [] : ['AWS has another value than the portal was told']),
    ];
  }

  return [
    ...appNames.map((appName) =>
      check(`credential ${expected[appName].name}`, [
        ...problemsOf(appName),
        ...(appName === 'undone' && denials === 0 ? ['AWS denied nothing'] : []),
      ]),
    ),
    check('the values of keys stand in answers to the portal alone', [
      ...(told.length === 0 ? ['there was none'] : []),
      ...(told.some((value) => log.includes(value)) ? ['the log has one'] : []),
      ...(told.some((value) => documents.includes(value)) ? ['a credential that was read has one'] : []),
    ]),
    check(
      "Temporal shows the credentials' runs as Completed",
      credentials
        .filter(({ id }) => runs.get(id) !== 'COMPLETED')
        .map(({ id, appName }) => `the run of the ${appName} one is ${runs.get(id) ?? 'not known'}`),
    ),
  ];
}

/** `attach-usage-plan`, `attach-usage-plan failed` */
function stepsOf({ steps }: CredentialDocument): string[] {
  return steps.map(({ name, status }) => [name.split(' ')[0], ...(status === 'done' ? [] : [status])].join(' '));
}

function differing(what: string, found: string, wanted: string): string[] {
  return found === wanted ? [] : [`${what} ${found || 'nothing'} instead of ${wanted}`];
}
