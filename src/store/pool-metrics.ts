import { Gauge, type Registry } from 'prom-client';
import type { Database } from './database';

/** What knex keeps connections in. */
interface Pool {
  numUsed(): number;
  numFree(): number;
  numPendingAcquires(): number;
}

/** Tells how a pool stands whenever metrics are read. */
export function measurePool(database: Database, registry: Registry): void {
  const { pool } = database.client as { pool: Pool };
  new Gauge({
    name: 'everhook_database_connections',
    help: 'Connections to PostgreSQL by state: used, idle; and how many callers wait for one: wanted.',
    labelNames: ['state'] as const,
    registers: [registry],
    collect() {
      this.set({ state: 'used' }, pool.numUsed());
      this.set({ state: 'idle' }, pool.numFree());
      this.set({ state: 'wanted' }, pool.numPendingAcquires());
    },
  });
}
