import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { findOnPath } from '../../scripts/local-stack/process';
import { root } from './documents';
import { difference, type Step } from './walkthrough';

const run = promisify(execFile);

/** Everhook without npm's start, curl that fails as a person would notice, and how `until` comments are waited for. */
const prelude = `
set -euo pipefail
# Each job a group of its own: with it ends what it has started.
set -m
trap 'for job in $(jobs -p); do kill -- "-$job" 2>/dev/null || true; done; wait' EXIT
everhook() { command node "$CLI" "$@"; }
npx() { "$@"; }
curl() {
  case " $* " in
    *' -i '*) command curl --noproxy '*' "$@" ;;
    *) command curl --fail-with-body --noproxy '*' "$@" ;;
  esac
}
until_() {
  local tries=0
  until "$@"; do
    tries=$((tries + 1))
    if [ $tries -gt 400 ]; then echo "never: $*" >&2; exit 1; fi
    sleep 0.1
  done
}
`;

const separator = '\u001e';

export interface Walked {
  /** What each block printed, by its page and line. */
  printed: Map<string, string>;
  /** What the block that failed printed, and said on standard error: the shell ended there. */
  failure: string | null;
}

export interface Walk {
  steps: Step[];
  /** Functions of this walk: what its `until` comments call, programs that are stood in for. */
  functions: string;
  /** What stands on the page, and what it is here. */
  places: [shown: string, real: string][];
  env: Record<string, string | undefined>;
  cwd: string;
  timeoutMs: number;
}

const at = ({ file, line }: Step) => `${file}:${line}`;

/** Steps that this machine has the programs for; the others are named on standard error. */
export function runnable(steps: Step[]): Step[] {
  return steps.filter((step) => {
    const missing = step.needs.filter((program) => findOnPath(program, process.env) === undefined);
    if (missing.length > 0) process.stderr.write(`${at(step)} is not run: no ${missing.join(', no ')} here\n`);
    return missing.length === 0;
  });
}

/** Runs all steps in one shell, as somebody would paste them. */
export async function walk({ steps, functions, places, env, cwd, timeoutMs }: Walk): Promise<Walked> {
  const here = (text: string) => places.reduce((changed, [shown, real]) => changed.replaceAll(shown, real), text);
  const blocks = steps.map((step) =>
    [
      `printf '${separator}${at(step)}\\n'`,
      here(step.commands),
      ...step.until.map((wait) => `until_ ${here(wait)}`),
    ].join('\n'),
  );
  const script = [prelude, functions, ...blocks].join('\n');
  const { stdout, failure } = await run('bash', ['--norc', '-c', script], {
    cwd,
    env: { PATH: process.env.PATH, CLI: path.join(root, 'dist', 'src', 'cli', 'main.js'), ...env },
    timeout: timeoutMs,
  }).then(
    (ended) => ({ stdout: ended.stdout, failure: null }),
    (error: { stdout: string; stderr: string }) => ({
      stdout: error.stdout,
      failure: `${error.stdout.slice(error.stdout.lastIndexOf(separator) + 1)}\n${error.stderr}`,
    }),
  );
  const shown = places.reduce((changed, [page, real]) => changed.replaceAll(real, page), stdout);
  const outputs = shown.split(separator).slice(1);
  const printed = outputs.map((output): [string, string] => {
    const [head = '', ...lines] = output.split('\n');
    return [head, lines.join('\n')];
  });
  return { printed: new Map(printed), failure };
}

/** The steps whose pages show another answer than they got. */
export function wrongAnswers(steps: Step[], { printed }: Walked): string[] {
  return steps.flatMap((step) => {
    const different = step.answer && difference(step.answer, printed.get(at(step)) ?? '');
    return different ? [`${at(step)} ${different}`] : [];
  });
}
