import { StatusBadge } from '../../components/badge';
import { Icon, type IconName } from '../../components/icon';
import { Time } from '../../components/time';
import { duration } from '../../time';
import type { Run, RunStep } from './saga';

const titles: Record<Run['operation'], string> = {
  create: 'Creation',
  update: 'Update',
  revoke: 'Revocation',
  repair: 'Repair',
};

const outcomes: Record<Run['outcome'], { tone: 'good' | 'bad' | 'waiting'; icon: IconName; text: string }> = {
  done: { tone: 'good', icon: 'check', text: 'done' },
  running: { tone: 'waiting', icon: 'clock', text: 'running' },
  undone: { tone: 'bad', icon: 'alert', text: 'failed, everything undone' },
  failed: { tone: 'bad', icon: 'alert', text: 'failed, nothing to undo' },
  stuck: { tone: 'bad', icon: 'alert', text: 'undoing failed' },
};

/** A saga: the steps that were taken, and under them what was taken back. */
export function SagaRun({ run, number }: { run: Run; number: number }) {
  const forward = run.steps.filter(({ role }) => role === 'forward');
  const undo = run.steps.filter(({ role }) => role === 'undo');
  const numberOf = (step: RunStep) => run.steps.indexOf(step) + 1;
  const undone = new Map(undo.filter(({ status }) => status === 'done').map((step) => [step.undoes, numberOf(step)]));
  return (
    <section class="saga" aria-labelledby={`run-${number}`}>
      <div class="saga-head">
        <h3 id={`run-${number}`}>{titles[run.operation]}</h3>
        <StatusBadge status={run.outcome} {...outcomes[run.outcome]} />
        <span class="faint">
          {run.steps[0] && <Time at={run.steps[0].at} />}
          {took(run)}
        </span>
      </div>
      {run.failedAt && (
        <p class="saga-failure">
          Failed at step {numberOf(run.failedAt)}, “{run.failedAt.text}”: {run.failedAt.error ?? 'no reason was given'}.{' '}
          {undo.length > 0 ? 'What came before was taken back, in reverse order:' : 'Nothing had been changed in AWS.'}
        </p>
      )}
      <div class={undo.length > 0 ? 'saga-tracks two' : 'saga-tracks'}>
        <ol class="saga-steps" aria-label="Steps">
          {forward.map((step) => (
            <Step key={numberOf(step)} step={step} number={numberOf(step)} undoneBy={undone.get(numberOf(step))} />
          ))}
        </ol>
        {undo.length > 0 && (
          <ol class="saga-steps undo" aria-label="Compensation">
            {undo.map((step) => (
              <Step key={numberOf(step)} step={step} number={numberOf(step)} />
            ))}
          </ol>
        )}
      </div>
    </section>
  );
}

function Step({ step, number, undoneBy }: { step: RunStep; number: number; undoneBy?: number | undefined }) {
  const icon: IconName = step.status === 'failed' ? 'alert' : step.status === 'running' ? 'clock' : 'check';
  return (
    <li class={`saga-step ${step.status}${undoneBy ? ' taken-back' : ''}`} data-step={step.name}>
      <span class="saga-mark">
        <Icon name={step.role === 'undo' && step.status === 'done' ? 'recover' : icon} />
        <span class="visually-hidden">{step.status}: </span>
      </span>
      <div>
        <p>
          <span class="faint">{number}.</span> {step.text}{' '}
          {step.undoes !== null && <span class="saga-note">takes back step {step.undoes}</span>}
          {undoneBy !== undefined && <span class="saga-note">taken back by step {undoneBy}</span>}
        </p>
        {step.error && <p class="saga-error">{step.error}</p>}
        <p class="faint">
          <Time at={step.at} precise />
        </p>
      </div>
    </li>
  );
}

function took({ steps, outcome }: Run): string {
  const [first, last] = [steps.at(0), steps.at(-1)];
  if (!first || !last || outcome === 'running' || first === last) return '';
  return ` · ${duration(Date.parse(last.at) - Date.parse(first.at))}`;
}
