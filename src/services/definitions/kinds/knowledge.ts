/** Entries of knowledge: which problems they are about, and what is done about them. */
import { z } from 'zod';
import type { KnowledgeEdit, KnowledgeRow } from '../../../data/bots/bot-knowledge.ts';
import { autonomies } from '../../../ground/autonomy.ts';
import { storable } from '../../../ground/text.ts';
import { addKnowledge, checkName, newKnowledge } from '../../knowledge/add.ts';
import { checkAutonomy, columnsOf, patternOf } from '../../knowledge/definition.ts';
import { editKnowledge } from '../../knowledge/edit.ts';
import { setEnabled } from '../../knowledge/enable.ts';
import { removeKnowledge } from '../../knowledge/remove.ts';
import { renameKnowledge } from '../../knowledge/rename.ts';
import type { Catalogue } from '../../../catalogue/catalogue.ts';
import { chosen, flag, names, text, was, whole } from './fields.ts';
import type { Kind, Values } from './kind.ts';
import { lockRows } from './lock-rows.ts';

const definition = z.strictObject(
  {
    was,
    category: text('the category of the findings that it is about').optional(),
    pattern: text('a pattern in RE2 syntax over title, description and component').optional(),
    solution: text('advice, or a playbook as docs/remedies.md describes it').optional(),
    autonomy: chosen(
      autonomies,
      'how freely it may act; unless it is given, outcomes decide',
    ).nullish(),
    half_life_days: whole(1, 36_500, 'after how many days an outcome counts half').nullish(),
    enabled: flag('false: it matches nothing').nullish(),
  },
  'has to be a map of the fields of an entry',
);

/** The columns that these fields set. Throws UsageError with the place of a mistake in the pattern or the playbook. */
const editOf = (values: Values, fields: readonly string[], catalogue: Catalogue, place: string) => {
  const given = <Field extends string>(field: Field) =>
    fields.includes(field) ? values[field] : undefined;
  const solution = given('solution') as string | undefined;
  return columnsOf(
    {
      category: given('category') as string | undefined,
      pattern: given('pattern') as string | undefined,
      autonomy: given('autonomy') as KnowledgeRow['autonomy'] | undefined,
      halfLifeDays: given('half_life_days') as number | undefined,
      solution:
        solution === undefined
          ? undefined
          : { place, isMeantAsPlaybook: false, text: () => solution },
    },
    catalogue,
  );
};

/** How many days it is until an outcome counts half, unless a person says so: as the table has it. */
const usualHalfLife = 90;

export const knowledge: Kind = {
  kind: 'knowledge',
  meaning: 'which problems are known, and what is done about them',
  form: 'map',
  schema: names(definition),
  fields: ['category', 'pattern', 'solution', 'autonomy', 'half_life_days', 'enabled'],
  required: ['category', 'pattern', 'solution'],
  // Outcomes change it.
  unasked: ['autonomy'],
  defaults: () => ({ autonomy: 'shadow', half_life_days: usualHalfLife, enabled: true }),
  async present(db) {
    const rows = await db
      .selectFrom('bot_knowledge')
      .select(['id', 'name', 'category', 'issue_pattern', 'solution', 'autonomy'])
      .select(['half_life_days', 'enabled'])
      .where('removed_at', 'is', null)
      .orderBy('name')
      .execute();
    return rows.map(({ id, name, issue_pattern: pattern, category, solution, ...rest }) => ({
      id,
      name,
      values: { category, pattern, solution, ...rest },
    }));
  },
  read({ was: _, category, pattern, solution, ...given }) {
    return {
      ...given,
      ...(pattern !== undefined && { pattern: patternOf(String(pattern)) }),
      ...(category !== undefined && { category: storable(String(category).trim()) }),
      ...(solution !== undefined && { solution: storable(String(solution)) }),
    };
  },
  async check({ catalogue }, { name, before, after, changed }) {
    checkName(name);
    await editOf(after, changed, catalogue, `the solution of ${name}`);
    const asks = changed.includes('autonomy');
    const entry = { solution: String(after.solution), autonomy: after.autonomy as 'auto' };
    if (before === null || asks || changed.includes('solution'))
      checkAutonomy(entry, catalogue, asks);
  },
  asks(before, after) {
    const acts = (values: Values | null) =>
      values !== null && values.autonomy === 'auto' && values.enabled !== false;
    return acts(after) && !acts(before) ? 'it will act without being asked' : null;
  },
  lock: (trx, ids) => lockRows(trx, 'bot_knowledge', ids),
  async add({ db, actor, catalogue }, name, values) {
    const text = () => String(values.solution);
    const entry = await newKnowledge(
      {
        name,
        category: String(values.category),
        pattern: String(values.pattern),
        solution: { place: name, isMeantAsPlaybook: false, text },
        // More autonomy is given by an edit, which is recorded.
        autonomy: values.autonomy === 'shadow' ? 'shadow' : 'suggest',
      },
      catalogue,
    );
    const { id } = (await addKnowledge({ db, actor }, { entry })).entry;
    const more = ['autonomy', 'half_life_days', 'enabled'].filter(
      (field) => values[field] !== undefined && values[field] !== knowledge.defaults(name)[field],
    );
    await changeEntry({ db, actor, catalogue }, id, values, more);
    return id;
  },
  async change(applying, { id }, wanted, changed) {
    // An autonomy that the file names is meant for the new solution, too.
    const fields =
      changed.includes('solution') && wanted.autonomy !== undefined
        ? [...changed, 'autonomy']
        : changed;
    await changeEntry(applying, id, wanted, fields);
    return id;
  },
  async rename({ db, actor }, { id }, name) {
    await renameKnowledge({ db, actor }, { knowledge: id, name });
  },
  async remove({ db, actor }, { id }) {
    await removeKnowledge({ db, actor }, { knowledge: id, reason: 'its definition was removed' });
  },
  history: { kind: 'knowledge', columns: { pattern: 'issue_pattern' } },
};

async function changeEntry(
  { db, actor, catalogue }: Parameters<Kind['change']>[0],
  id: string,
  values: Values,
  fields: readonly string[],
): Promise<void> {
  const edit: KnowledgeEdit = await editOf(values, fields, catalogue, 'the solution');
  if (Object.keys(edit).length > 0)
    await editKnowledge({ db, actor, catalogue }, { knowledge: id, edit, maxOwn: 0 });
  if (fields.includes('enabled'))
    await setEnabled(
      { db, actor },
      { knowledge: id, enabled: values.enabled === true, reason: null },
    );
}
