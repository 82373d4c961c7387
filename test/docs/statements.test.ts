import { Client } from 'pg';
import { createTestDatabase } from '../support/database';
import { codeBlocks, readDocument } from './documents';

it('the statement of docs/receiving.md takes an event once', async () => {
  const [statement] = codeBlocks(readDocument('docs/receiving.md').text).filter(({ language }) => language === 'sql');
  const database = await createTestDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    await client.query('CREATE TABLE handled_events (id text PRIMARY KEY)');
    const handle = async (id: string) => (await client.query(statement?.text ?? '', [id])).rowCount;
    expect([await handle('evt_1'), await handle('evt_2'), await handle('evt_1')]).toEqual([1, 1, 0]);
  } finally {
    await client.end();
    await database.drop();
  }
});
