import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { startPostgres } from '../../scripts/local-stack/postgres';
import { findOnPath } from '../../scripts/local-stack/process';
import { migrateToLatest } from '../../src/store/database';
import { openStoresOn } from '../store/stores';
import { root } from './documents';

it('docker-compose.yml makes databases that Everhook can migrate and use as a user who is no administrator', async () => {
  if (findOnPath('psql', process.env) === undefined) {
    process.stderr.write('deploy/postgres/create-databases.sh is not run: no psql here\n');
    return;
  }
  const env = { ...process.env, DATABASE_URL: undefined };
  const postgres = await startPostgres({ log: () => {}, env, database: 'any', fsync: false });
  try {
    const url = new URL(postgres.url);
    execFileSync('sh', [path.join(root, 'deploy', 'postgres', 'create-databases.sh')], {
      stdio: 'pipe',
      env: {
        PATH: process.env.PATH,
        PGHOST: url.hostname,
        PGPORT: url.port,
        PGPASSWORD: url.password,
        POSTGRES_USER: url.username,
        DATABASE_PASSWORD: 'for-everhook',
        TEMPORAL_DATABASE_PASSWORD: 'for-temporal',
      },
    });
    const own = `postgres://everhook:for-everhook@${url.host}/everhook`;
    await migrateToLatest(own);
    const stores = openStoresOn(own);
    try {
      const tenantId = await stores.tenant();
      const { id } = await stores.webhook(tenantId);
      expect(await stores.webhooks.find(tenantId, id)).toMatchObject({ id });
    } finally {
      await stores.close();
    }
  } finally {
    await postgres.stop();
  }
}, 120_000);
