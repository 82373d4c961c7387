import { consentStatuses, consentTransitions, deadlineIn, initialStatus, type ConsentTransition } from './machine';

const deadlineNames = { decisionMs: 'not decided in time', consumptionMs: 'not consumed in time' };

const label = ({ from, on, emits }: ConsentTransition): string => {
  const duration = deadlineIn[from];
  const trigger = on === 'deadline' && duration ? deadlineNames[duration] : on;
  // A colon ends the name of a transition in mermaid.
  return emits ? `${trigger} → ${emits.replaceAll(':', '#58;')}` : trigger;
};

/** The state machine as a mermaid `stateDiagram-v2`, without the code fence; ends with a line break. */
export function consentDiagram(): string {
  const ends = consentStatuses.filter((status) => !consentTransitions.some(({ from }) => from === status));
  const lines = [
    'stateDiagram-v2',
    `  [*] --> ${initialStatus}: create → before#58;consent#58;create, after#58;consent#58;create`,
    ...consentTransitions.map((one) => `  ${one.from} --> ${one.to}: ${label(one)}`),
    ...ends.map((status) => `  ${status} --> [*]`),
  ];
  return `${lines.join('\n')}\n`;
}
