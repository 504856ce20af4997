import { jsonSchemaNamed, listKinds } from '../../services/definitions/schema.ts';
import { put } from '../terminal/print.ts';
import { asJson } from '../terminal/json.ts';
import { table } from '../terminal/table.ts';

export async function printSchema(kind: string | undefined): Promise<void> {
  if (kind !== undefined) return put(asJson(jsonSchemaNamed(kind)));
  table(
    ['Kind', 'What it defines'],
    listKinds().map((each) => [each.kind, each.meaning]),
    '',
  );
}
