/** How far each database of the server is from the end of its transaction ids. */
import { sql } from '../../src/bot.ts';
import type { CheckContext, CheckResult } from '../../src/bot.ts';
import { number } from '../parts/in-words.ts';
import type { Config } from './config.ts';
import { reportList } from './report.ts';

interface Aged {
  name: string;
  xids: number;
  multixacts: number;
  databases: number;
}

export async function findWraparound(config: Config, { db }: CheckContext): Promise<CheckResult> {
  const { max_findings: max, wraparound_age: from, wraparound_severe_age: severe } = config;
  const { rows } = await sql<Aged>`
    SELECT datname AS name, age(datfrozenxid) AS xids, mxid_age(datminmxid) AS multixacts, count(*) OVER ()::int AS databases
    FROM pg_database ORDER BY greatest(age(datfrozenxid), mxid_age(datminmxid)) DESC, datname LIMIT ${max + 1}`.execute(
    db,
  );
  const found = rows.filter(({ xids, multixacts }) => Math.max(xids, multixacts) >= from);
  const most = (of: 'xids' | 'multixacts') => Math.max(...rows.map((row) => row[of]));
  return reportList(
    found,
    config,
    ({ name: component, xids, multixacts }) => {
      const age = Math.max(xids, multixacts);
      return {
        severity: age >= severe ? 'critical' : 'high',
        title: `Wraparound: database ${component} has not been frozen for ${number(age)} ${age === xids ? 'transactions' : 'multixacts'}`,
        description:
          'At 2.1 billion PostgreSQL takes no more writes in any database of the server.',
        component,
        metadata: { xids, multixacts },
      };
    },
    {
      count: rows[0]?.databases ?? 0,
      figures: [
        { name: 'databases', value: rows[0]?.databases ?? 0 },
        { name: 'age of the oldest transaction id', value: most('xids') },
        { name: 'age of the oldest multixact', value: most('multixacts') },
      ],
    },
  );
}
