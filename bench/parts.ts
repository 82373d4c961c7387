import { measureBackoff } from './backoff';
import { measureCompared } from './compared';
import { measureConsents } from './consents';
import { measureDown } from './down';
import { measureHanging } from './hanging';
import { measureKill } from './kill';
import type { Part } from './part';
import { measureWorkers } from './workers';

/** In the order they run in: what waits takes longest. */
const single: Record<string, { part: Part; title: string }> = {
  hanging: { part: measureHanging, title: 'a tenant beside one whose receiver hangs' },
  kill: { part: measureKill, title: 'kill -9 of a worker at full load' },
  workers: { part: measureWorkers, title: 'one, two and three workers' },
  down: { part: measureDown, title: 'a receiver beside one that is down' },
  backoff: { part: measureBackoff, title: 'deliveries in backoff' },
  consents: { part: measureConsents, title: 'open consents' },
};

/** Measured together. */
const compared = ['throughput', 'latency', 'bare'] as const;

export const partNames: readonly string[] = [...compared, ...Object.keys(single)];

export interface NamedPart {
  /** What goals and results call it; several where they are measured together. */
  names: string[];
  title: string;
  part: Part;
}

/** The parts to run, of those that were asked for by name. */
export function partsOf(names: readonly string[]): NamedPart[] {
  const asked = (name: string) => names.includes(name);
  const together = compared.filter(asked);
  return [
    ...(together.length === 0
      ? []
      : [
          {
            names: [...together],
            title: together.join(', '),
            part: (bench: Parameters<Part>[0]) =>
              measureCompared(bench, {
                throughput: asked('throughput'),
                latency: asked('latency'),
                bare: asked('bare'),
              }),
          },
        ]),
    ...Object.entries(single)
      .filter(([name]) => asked(name))
      .map(([name, { part, title }]) => ({ names: [name], title, part })),
  ];
}
