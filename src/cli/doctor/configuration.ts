import { configurationProblems, readConfig, type Config } from '../../platform/config';
import { weaknessOf } from '../../platform/key-strength';
import { findingsOf, type Finding } from './finding';

const { ok, warning, failed } = findingsOf('configuration');

/** Every setting, judged as a start would; those that a start would refuse all at once, not the first only. */
export function lookAtConfiguration(env: NodeJS.ProcessEnv): { findings: Finding[]; config: Config | null } {
  const problems = configurationProblems(env);
  if (problems.length > 0) {
    const findings = problems.map((problem) => {
      const [name = 'settings'] = /^[A-Z][A-Z_]+/.exec(problem) ?? [];
      return failed(name, problem, remedies[name] ?? 'set it as the table of settings in README.md says');
    });
    return { findings, config: null };
  }
  const config = readConfig(env);
  return { findings: [ok('settings', 'are all well-formed'), ...production(config)], config };
}

const random = 'openssl rand -base64 32';
const remedies: Record<string, string> = {
  DATABASE_URL: 'DATABASE_URL=postgres://user:password@host:5432/everhook',
  ENCRYPTION_KEYS: `ENCRYPTION_KEYS=k1:$(${random})  # only for a new installation: what is stored needs its own keys`,
  TOKEN_SIGNING_KEY: `TOKEN_SIGNING_KEY=$(${random})  # tokens that were given out end with it`,
  CODEC_TOKEN: 'CODEC_TOKEN=$(openssl rand -hex 32)',
};

/** What `NODE_ENV=production` refuses, and what is a choice that somebody should have made. */
function production(config: Config): Finding[] {
  const findings: Finding[] = [];
  if (config.NODE_ENV === 'production') {
    findings.push(ok('NODE_ENV', 'production: unsafe settings are refused'));
  } else {
    findings.push(
      warning('NODE_ENV', 'unsafe settings are not refused', 'NODE_ENV=production, where this is production'),
    );
    const [current] = config.ENCRYPTION_KEYS;
    const weakness = current && 'key' in current && weaknessOf(current.key.export());
    if (weakness) {
      findings.push(
        warning(
          'ENCRYPTION_KEYS',
          `the first key ${weakness}`,
          `put a new one in front: k2:$(${random}),<the old one>`,
        ),
      );
    }
  }
  if (config.PAYLOAD_ENCRYPTION === 'off') {
    findings.push(
      warning(
        'PAYLOAD_ENCRYPTION',
        'Temporal gets payloads in the clear',
        'PAYLOAD_ENCRYPTION=on, unless a proxy encrypts them',
      ),
    );
  }
  if (!config.TEMPORAL_UI_URL) {
    findings.push(
      warning('TEMPORAL_UI_URL', 'is not set: deliveries have no link to their run', 'TEMPORAL_UI_URL=https://…'),
    );
  }
  return findings;
}
