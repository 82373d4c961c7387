/** Puts the steps of a credential into the runs that made them, and finds out which of them undid which. */

export interface Step {
  operation: 'create' | 'update' | 'revoke' | 'repair';
  name: string;
  status: 'running' | 'done' | 'failed';
  at: string;
  error?: string;
}

export interface RunStep extends Step {
  /** What it did, in words. */
  text: string;
  /** `undo`: it took back what a step before had done, or may have done. */
  role: 'forward' | 'undo';
  /** The step of the same run that it took back, 1-based; null for steps forwards, and for looking. */
  undoes: number | null;
}

export interface Run {
  operation: Step['operation'];
  steps: RunStep[];
  /** `undone`: a step failed, and what had been done was taken back. `stuck`: taking it back failed. */
  outcome: 'running' | 'done' | 'undone' | 'failed' | 'stuck';
  /** The step that it failed at. */
  failedAt: RunStep | null;
}

const inverses: Record<string, string> = {
  'delete-api-key': 'create-api-key',
  'disable-api-key': 'enable-api-key',
  'detach-usage-plan': 'attach-usage-plan',
  'attach-usage-plan': 'detach-usage-plan',
  'rename-api-key': 'rename-api-key',
  'delete-app-client': 'create-app-client',
  'restore-app-client': 'update-app-client',
};

const texts: Record<string, string> = {
  'check-usage-plans': 'Check that the usage plans exist and cover the APIs',
  'read-usage-plans': 'Read which usage plans are attached',
  'check-scopes': 'Check that the user pool has the scopes',
  'create-api-key': 'Create the API key, disabled',
  'enable-api-key': 'Enable the API key',
  'disable-api-key': 'Disable the API key',
  'delete-api-key': 'Delete the API key',
  'find-api-key': 'Look whether the API key was made',
  'rename-api-key': 'Rename the API key',
  'attach-usage-plan': 'Attach usage plan',
  'detach-usage-plan': 'Detach usage plan',
  'create-app-client': 'Create the app client',
  'update-app-client': 'Update the app client',
  'restore-app-client': 'Write back the app client as it was',
  'find-app-client': 'Look whether the app client was made',
  'delete-app-client': 'Delete the app client',
};

/** What a step does, in words; the name as it is where there are none. */
export function stepText(name: string): string {
  const [verb = '', ...objects] = name.split(' ');
  const text = texts[verb];
  return text === undefined ? name : [text, ...objects].join(' ');
}

/** @param steps in the order of doing */
export function runsOf(steps: readonly Step[]): Run[] {
  const groups: Step[][] = [];
  for (const step of steps) {
    const group = groups.at(-1);
    if (group && !startsAnew(step, group)) group.push(step);
    else groups.push([step]);
  }
  return groups.map(toRun);
}

/** Updates begin with looking, and look before they change anything: whoever looks afterwards is the next one. */
function startsAnew(step: Step, group: readonly Step[]): boolean {
  if (step.operation !== group[0]?.operation) return true;
  return step.operation === 'update' && isLook(step.name) && group.some(({ name }) => !isLook(name));
}

const isLook = (name: string) => /^(check|read)-/.test(name);

function toRun(group: readonly Step[]): Run {
  const operation = group[0]?.operation ?? 'create';
  const steps: RunStep[] = [];
  for (const step of group) {
    const undoes = canUndo(operation) ? undoneBy(step.name, steps) : null;
    const isUndo = undoes !== null || (canUndo(operation) && (isSearch(step.name) || steps.at(-1)?.role === 'undo'));
    steps.push({ ...step, text: stepText(step.name), role: isUndo ? 'undo' : 'forward', undoes });
  }
  return { operation, steps, ...outcomeOf(steps) };
}

/** Revocations and repairs only go forwards. */
const canUndo = (operation: Step['operation']) => operation === 'create' || operation === 'update';
const isSearch = (name: string) => name.startsWith('find-');

/** The last step of those before that `name` takes back and that nobody has taken back yet. */
function undoneBy(name: string, before: readonly RunStep[]): number | null {
  const [verb = '', ...objects] = name.split(' ');
  const inverse = inverses[verb];
  if (inverse === undefined) return null;
  // A second name is a taking back only where something went wrong; it may as well be the next update.
  if (inverse === verb && !before.some(({ status }) => status === 'failed')) return null;
  const wanted = [inverse, ...objects].join(' ');
  const taken = new Set(before.map(({ undoes }) => undoes));
  const index = before.findLastIndex(
    (step, at) => step.name === wanted && step.role === 'forward' && !taken.has(at + 1),
  );
  return index < 0 ? null : index + 1;
}

function outcomeOf(steps: readonly RunStep[]): Pick<Run, 'outcome' | 'failedAt'> {
  const failedAt = steps.find(({ role, status }) => role === 'forward' && status === 'failed') ?? null;
  const undo = steps.filter(({ role }) => role === 'undo');
  if (steps.some(({ status }) => status === 'running')) return { outcome: 'running', failedAt };
  if (undo.some(({ status }) => status === 'failed')) return { outcome: 'stuck', failedAt };
  if (undo.length > 0) return { outcome: 'undone', failedAt };
  return { outcome: failedAt ? 'failed' : 'done', failedAt };
}
