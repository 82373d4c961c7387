import type { Command } from 'commander';
import { readTemporalConnection, type Config } from '../../platform/config';
import { createDatabase, type Database } from '../../store/database';
import { lookAtAws } from '../doctor/aws';
import { judgeClock, type ClockReading } from '../doctor/clocks';
import { lookAtConfiguration } from '../doctor/configuration';
import { lookAtEgress } from '../doctor/egress';
import { areas, findingsOf, orFailed, type Finding, type FindingState } from '../doctor/finding';
import { lookAtKeys } from '../doctor/keys';
import { lookAtMachine } from '../doctor/machine';
import { lookAtPostgresql } from '../doctor/postgresql';
import { CommandFailure } from '../failure';
import { outputOf, printable } from '../output';
import type { Paint, Toned } from '../paint';

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description(
      'look at settings, database, Temporal, keys, clocks, AWS and egress, and say how to mend what is wrong',
    )
    .addHelpText(
      'after',
      `
Give it the environment of the process that is in trouble; it changes nothing and shows no secret.
Exits with 1 when something has failed; warnings do not count.`,
    )
    .action(async (_options: object, command: Command) => {
      const findings = await examine(process.env);
      const count = (state: FindingState) => findings.filter((one) => one.state === state).length;
      const [failures, warnings] = [count('failed'), count('warning')];
      const state = failures > 0 ? 'failed' : warnings > 0 ? 'warning' : 'ok';
      const output = outputOf(command);
      const text = findings.map((one) => line(one, output.paint)).join('\n');
      output.answer({ state, failed: failures, warnings, findings }, text);
      if (failures > 0) throw new CommandFailure(`${failures} of ${findings.length} checks failed`);
    });
}

async function examine(env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const { findings, config } = lookAtConfiguration(env);
  if (config === null) {
    const later = areas.slice(1);
    return [
      ...findings,
      ...later.map((area) => findingsOf(area).skipped('all', 'not before the settings can be read')),
    ];
  }
  // One after the other: loading the Temporal SDK holds everything up, and would look like a slow database.
  const stored = await examineDatabase(config);
  const temporal = await examineTemporal(config, env);
  const [egress, machine] = await Promise.all([lookAtEgress(config, env), lookAtMachine(config)]);
  return [...findings, ...stored, ...temporal, ...egress, ...machine].sort(byArea);
}

const byArea = (one: Finding, other: Finding) => areas.indexOf(one.area) - areas.indexOf(other.area);

async function examineDatabase(config: Config): Promise<Finding[]> {
  const database = createDatabase(config.DATABASE_URL, { max: 2, acquireTimeoutMs: 15_000 });
  try {
    let migrated = false;
    const reach =
      'see that it runs, and that DATABASE_URL names its host, port, user and database: pg_isready -d "$DATABASE_URL"';
    const findings = await orFailed('postgresql', 'reachable', reach, async () => {
      const clock = judgeClock('PostgreSQL', await readClock(database));
      const looked = await lookAtPostgresql(database, config);
      migrated = looked.migrated;
      return [findingsOf('postgresql').ok('reachable', 'it answers'), ...looked.findings, clock];
    });
    const stored = migrated ? database : null;
    findings.push(
      ...(await orFailed('keys', 'keys', 'see that the database answers', () => lookAtKeys(stored, config))),
    );
    if (stored === null) {
      findings.push(findingsOf('aws').skipped('credentials', 'not before the database can be read'));
      return findings;
    }
    const mend = 'see docs/aws.md';
    return [...findings, ...(await orFailed('aws', 'credentials', mend, () => lookAtAws(database, config)))];
  } finally {
    await database.destroy();
  }
}

async function readClock(database: Database): Promise<ClockReading> {
  // The first statement also opens the connection.
  await database.raw('SELECT 1');
  const asked = Date.now();
  const { rows } = await database.raw<{ rows: { ms: number }[] }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS ms',
  );
  return { asked, answered: Date.now(), theirs: rows[0]?.ms ?? NaN };
}

async function examineTemporal(config: Config, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const [{ connectTemporal }, { quietTemporal }, { lookAtTemporal, readTemporalClock }] = await Promise.all([
    import('../../platform/temporal.js'),
    import('../quiet-temporal.js'),
    import('../doctor/temporal.js'),
  ]);
  quietTemporal();
  const { TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace } = config;
  const reach = `see that it runs at TEMPORAL_ADDRESS=${address}, with TLS as it has it: temporal operator cluster health --address ${address}`;
  return orFailed('temporal', 'reachable', reach, async () => {
    const connection = await connectTemporal(address, readTemporalConnection(env));
    try {
      const looked = await lookAtTemporal(connection, config);
      if (looked.some(({ name, state }) => name === 'namespace' && state === 'failed')) return looked;
      const clock = await readTemporalClock(connection, namespace).catch(() => null);
      const unread = findingsOf('clocks').skipped('Temporal', 'the server does not tell its time');
      return [...looked, clock === null ? unread : judgeClock('Temporal', clock)];
    } finally {
      await connection.close();
    }
  });
}

const labels: Record<FindingState, Toned> = {
  ok: { text: 'ok', tone: 'good' },
  warning: { text: 'warning', tone: 'waiting' },
  failed: { text: 'FAILED', tone: 'bad' },
  skipped: { text: 'skipped', tone: 'muted' },
};

function line({ area, name, state, detail, mend }: Finding, paint: Paint): string {
  const { text, tone } = labels[state];
  const told = `${paint(text.padEnd(8), tone)} ${printable(`${area.padEnd(13)} ${name}: ${detail}`)}`;
  return mend === null ? told : `${told}\n         ${printable(`→ ${mend}`)}`;
}
