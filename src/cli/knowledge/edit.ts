import {
  editKnowledge as edit,
  freedomAfter,
  type KnowledgeRow,
} from '../../data/bots/bot-knowledge.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { figuresOf } from '../../heal/judging/figures.ts';
import { fitting, printable, storable } from '../../ground/text.ts';
import { actor } from '../arguments/actor.ts';
import { loadCatalogue } from '../session/catalogue.ts';
import { withDatabase } from '../session/database.ts';
import { checkFreedom, columnsOf, type DefinitionOptions } from './definition.ts';
import { tellOfCredentials, tellOfPattern, tellOfSecrets } from './warnings.ts';
import { json, note, say } from '../terminal/print.ts';
import { ownAutonomy } from '../../services/knowledge/own-autonomy.ts';
import { aboutAll } from '../../services/knowledge/show.ts';
import { knowledgeOf } from '../../services/references/named.ts';
import { table } from '../terminal/table.ts';

/** Characters of a text that are shown of what it was and is. */
const shownOfText = 60;
/** Components that are named. */
const mostComponents = 10;

export async function editKnowledge(
  given: string,
  { component, ...options }: DefinitionOptions & { component?: string },
): Promise<void> {
  if (component !== undefined) {
    const { autonomy, as, json, ...content } = options;
    const wanted = Object.keys(content).length === 0 ? autonomy : undefined;
    return (await import('./edit-component.ts')).editOnComponent(given, component, wanted, {
      ...(as !== undefined && { as }),
      ...(json && { json }),
    });
  }
  const catalogue = await loadCatalogue();
  const wanted = await columnsOf(options, catalogue);
  const columns = Object.keys(wanted) as (keyof typeof wanted)[];
  if (columns.length === 0)
    throw new UsageError({
      what: 'nothing was changed',
      why: 'no option says what to change',
      hint: '`npx roundsman knowledge edit --help` lists them',
    });
  await withDatabase(async ({ db }) => {
    const { id, name } = await knowledgeOf(db, given);
    const change = {
      actor: storable(actor(options.as)),
      figures: wanted.autonomy && (await figuresNow(db, id)),
    };
    const edited = await edit(
      db,
      id,
      (entry) => {
        const autonomy = freedomAfter(entry, wanted);
        checkFreedom({ ...entry, ...wanted, autonomy }, catalogue, wanted.autonomy !== undefined);
        return wanted;
      },
      change,
    );
    if (edited && wanted.autonomy) await tellOwn(db, edited.before, edited.after);
    const now = edited?.after ?? (await knowledgeOf(db, id));
    const warnings = [
      ...tellOfPattern(now.issue_pattern),
      ...tellOfCredentials(now),
      ...(await tellOfSecrets(db, now)),
    ];
    if (options.json) return json({ ...now, ...(warnings.length > 0 && { warnings }) });
    if (!edited) return say(`Nothing to change: ${name} is like that already.`);
    const { before, after } = edited;
    table(
      ['Changed', 'Before', '', 'After'],
      [...new Set([...columns, 'autonomy' as const])]
        .filter((column) => before[column] !== after[column])
        .map((column) => [column, shown(before[column]), '->', shown(after[column])]),
      '',
    );
    if (wanted.autonomy === undefined && before.autonomy !== after.autonomy)
      note(
        'a solution that is replaced has to earn what it may do alone; `--autonomy auto` trusts it at once',
      );
  });
}

const shown = (value: unknown): string => printable(fitting(String(value), shownOfText));

/** What an admin decided by, written down as it is with the engine's own changes. */
async function figuresNow(db: Db, id: string): Promise<object> {
  const { records, untouched, lift } = (await figuresOf(db, [id], aboutAll)).get(id)!;
  return { ...records.all, untouched, lift };
}

/**
 * A component's own autonomy, which is never above that of an entry that was lowered, stays what its outcomes
 * made of it; and what an admin sets is judged by what comes of it from then on.
 */
async function tellOwn(db: Db, before: KnowledgeRow, after: KnowledgeRow): Promise<void> {
  const { name } = after;
  const own = await ownAutonomy(db, after, mostComponents + 1);
  if (own.length > 0) {
    const named = own
      .slice(0, mostComponents)
      .map((row) => `${printable(row.component)} (${row.autonomy})`);
    const more = own.length > mostComponents ? ' and more' : '';
    note(
      `components with an autonomy of their own keep it: ${named.join(', ')}${more}; \`--component\` changes one`,
    );
  }
  if (before.autonomy === 'auto')
    note(
      `what it may do alone it can earn again; \`npx roundsman knowledge disable ${name}\` stops it`,
    );
}
