import type { Command } from 'commander';
import { readDatabaseConfig } from '../../platform/config';
import { migrateToLatest } from '../../store/database';
import { outputOf } from '../output';

export function addMigrateCommand(program: Command): void {
  program
    .command('migrate')
    .description('bring the database of DATABASE_URL to this version; safe to run at any time')
    .action(async (_options: object, command: Command) => {
      const applied = await migrateToLatest(readDatabaseConfig(process.env).DATABASE_URL);
      const text =
        applied.length === 0 ? 'Nothing to do: the database is up to date.' : `Applied ${applied.join(', ')}.`;
      outputOf(command).answer({ applied }, text);
    });
}
