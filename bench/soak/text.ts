import type { MemoryTrend } from './memory';
import type { SoakResult } from './soak';

/** A result for people, a fact a line. */
export function described(result: SoakResult): string {
  const { killed, deliveries, memory, problems } = result;
  return [
    `${result.seconds} s at ${result.perSecond} events a second, three deliveries each; seed ${result.seed}`,
    `killed: ${counts(killed)}`,
    `receivers: ${counts(result.misdeeds)}`,
    `accepted ${result.accepted} events; answered otherwise: ${counts(result.refused)}`,
    `deliveries: ${counts(deliveries)}, ${result.attempts} attempts; came again where all is well: ${result.acceptedAgain}`,
    `consents: ${counts(result.consents)}, ${result.consentActions} actions`,
    ...(result.apiKeys
      ? [
          `API keys: made ${result.apiKeys.made}, revoked ${result.apiKeys.revoked}; answered otherwise: ` +
            counts(result.apiKeys.refused),
        ]
      : []),
    `pending at once: at most ${result.mostPending}; at rest ${result.restSeconds} s after the load`,
    ...Object.entries(memory).map(([name, trend]) => `memory of the ${name}: ${trendText(trend)}`),
    problems.length === 0 ? 'nothing lost, nothing stuck, nothing astray' : `PROBLEMS:\n  ${problems.join('\n  ')}`,
  ].join('\n');
}

function counts(numbers: Readonly<Record<string, number>>): string {
  const all = Object.entries(numbers).map(([name, number]) => `${name} ${number}`);
  return all.length === 0 ? 'none' : all.join(', ');
}

function trendText({ meanMiB, mostMiB, growthMiB, perHourMiB, flat }: MemoryTrend): string {
  const verdict = flat === null ? 'too short to judge' : flat ? 'flat' : 'it grows';
  return `${meanMiB} MiB, at most ${mostMiB}; ${growthMiB ?? '?'} MiB in the time that counts, ${perHourMiB ?? '?'} an hour: ${verdict}`;
}
