import { ConfigurationError, readDatabaseConfig } from '../platform/config';
import { createDatabase, pendingMigrations, type Database } from '../store/database';

/** {@link withDatabase} of `DATABASE_URL`. @throws ConfigurationError also when it is not set */
export function withOperatorDatabase<Result>(use: (database: Database) => Promise<Result>): Promise<Result> {
  return withDatabase(readDatabaseConfig(process.env).DATABASE_URL, use);
}

/**
 * A database for the time of one command.
 * @throws ConfigurationError when it has pending migrations
 */
export async function withDatabase<Result>(
  url: string,
  use: (database: Database) => Promise<Result>,
  options: Parameters<typeof createDatabase>[1] = { max: 2 },
): Promise<Result> {
  const database = createDatabase(url, options);
  try {
    const pending = await pendingMigrations(database);
    if (pending.length > 0) {
      throw new ConfigurationError(`the database has pending migrations (${pending.length}); run: everhook migrate`);
    }
    return await use(database);
  } finally {
    await database.destroy();
  }
}
