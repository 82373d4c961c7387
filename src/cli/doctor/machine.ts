import { readFile, statfs } from 'node:fs/promises';
import { ROOT_OPEN_DIRECTORY, cacheDirectory } from '../../../scripts/local-stack/cache';
import type { Config } from '../../platform/config';
import { findingsOf, type Finding } from './finding';

const { ok, warning, failed } = findingsOf('machine');

/** As package.json's `engines`. */
const oldestNode = [20, 19] as const;
const lowBytes = 1024 ** 3;

/** What this process would run on. */
export async function lookAtMachine({ MAX_CONNECTIONS: connections }: Config): Promise<Finding[]> {
  const { version } = process;
  return [
    isNewEnough(process.versions.node)
      ? ok('Node.js', version)
      : failed('Node.js', `${version} is too old`, `install Node.js ${oldestNode.join('.')} or later`),
    ...(await lookAtFiles(connections)),
    ...(await lookAtDisk()),
  ];
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = oldestNode;
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

/** Where the limit can't be read, nothing is said. */
async function lookAtFiles(connections: number): Promise<Finding[]> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  const files = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? NaN);
  if (Number.isNaN(files)) return [];
  const detail = `${files} for MAX_CONNECTIONS=${connections}`;
  // Beside them: database, Temporal, receivers.
  if (files > connections + 500) return [ok('open files', detail)];
  return [warning('open files', detail, `ulimit -n ${connections + 1_000}, or a smaller MAX_CONNECTIONS`)];
}

/** Of what the local stack keeps, where there is one. */
async function lookAtDisk(): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const directory of new Set([ROOT_OPEN_DIRECTORY, cacheDirectory()])) {
    const disk = await statfs(directory).catch(() => null);
    if (!disk) continue;
    const free = disk.bavail * disk.bsize;
    const detail = `${(free / 1024 ** 3).toFixed(1)} GiB free for ${directory}`;
    findings.push(free > lowBytes ? ok('disk', detail) : warning('disk', detail, `free some: du -sh ${directory}/*`));
  }
  return findings;
}
