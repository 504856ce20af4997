/** What the server refuses while rows are read: the error says of which table. */
import { expect, test } from 'vitest';
import { readTable, RowsUnreadableError } from '../../src/backup/read/table.ts';
import { connectAlone } from '../../src/database/connect.ts';
import { testDatabase } from '../support/database.ts';

test('a table whose rows the server does not give is named', async () => {
  const { url } = await testDatabase();
  const client = await connectAlone(url, { name: 'roundsman test' });
  await client.query(
    'CREATE TABLE public.broken AS SELECT n, md5(n::text) AS text FROM generate_series(1, 300000) n',
  );
  await client.query('SET statement_timeout = 1');
  const table = { schema: 'public', name: 'broken', columns: ['n', 'text'], condition: null };
  const read = async () => {
    for await (const _rows of readTable(client, table));
  };
  await expect(read()).rejects.toThrow(RowsUnreadableError);
  await expect(read()).rejects.toThrow(
    'the rows of "public"."broken" cannot be read: canceling statement due to statement timeout',
  );
  await client.end();
});
