import type { KnowledgeEdit } from '../../../data/bots/bot-knowledge.ts';
import { counted } from '../../../ground/text.ts';
import { isPlaybook } from '../../../playbook/read.ts';
import { editKnowledge, editOf } from '../../knowledge/edit.ts';
import { replay } from '../../knowledge/replay.ts';
import { knowledgeOf } from '../../references/named.ts';
import { tryOut } from '../try-out.ts';
import { refuseAbsent, type Reverter, type RevertContext, type Wanted } from './reverter.ts';

/** How many days back the pattern is tried on past findings. */
const replayedDays = 30;

export const knowledgeReverter: Reverter = {
  columns: ['category', 'issue_pattern', 'solution', 'half_life_days'],
  otherCommands: {
    name: 'knowledge rename',
    autonomy: 'knowledge edit --autonomy',
    enabled: 'knowledge enable|disable',
  },
  async consequences(context, wanted) {
    const { db, catalogue } = context;
    const edit = await editFor(context, wanted);
    const before = await knowledgeOf(db, wanted.named.definition);
    const after = await tryOut(db, async (trx) => {
      const edited = await editKnowledge(
        { db: trx, actor: context.actor, catalogue },
        { knowledge: before.id, edit, maxOwn: 0 },
      );
      return edited.entry;
    });
    return [
      ...(after.issue_pattern !== before.issue_pattern
        ? [
            `its pattern would have matched ${await matchedBy(context, after.issue_pattern)} of the last ${replayedDays} days; it matched ${await matchedBy(context, before.issue_pattern)}`,
          ]
        : []),
      ...(after.solution !== before.solution
        ? ['outcomes of the solution that it has now do not count for the earlier one']
        : []),
      ...(after.autonomy !== before.autonomy
        ? [`its autonomy becomes ${after.autonomy}, it is ${before.autonomy}`]
        : []),
      ...(before.enabled ? [] : [`${before.name} stays disabled`]),
    ];
  },
  async write(context, wanted) {
    const edit = await editFor(context, wanted);
    return editKnowledge(context, { knowledge: wanted.named.definition, edit, maxOwn: 0 });
  },
};

/** The edit, checked as a new one is: a remedy of its playbook may be gone by now. Throws UsageError. */
async function editFor(
  { catalogue }: Pick<RevertContext, 'catalogue'>,
  wanted: Wanted,
): Promise<KnowledgeEdit> {
  const { definition, present, named, version } = wanted;
  if (!definition)
    throw refuseAbsent(wanted, `\`npx roundsman knowledge remove ${named.name}\` removes it`);
  const changed = Object.fromEntries(
    Object.entries(definition).filter(([column, value]) => value !== present?.[column]),
  ) as { category?: string; issue_pattern?: string; solution?: string; half_life_days?: number };
  const { category, issue_pattern, solution, half_life_days } = changed;
  return editOf(
    {
      category,
      pattern: issue_pattern,
      halfLifeDays: half_life_days,
      ...(solution !== undefined && {
        solution: {
          place: `version ${version}`,
          isMeantAsPlaybook: isPlaybook(solution),
          text: () => solution,
        },
      }),
    },
    catalogue,
  );
}

async function matchedBy({ db }: RevertContext, pattern: string): Promise<string> {
  const { matched, cut } = await replay(db, pattern, { since: replayedDays * 86_400 });
  return `${counted(matched, 'finding')}${cut === null ? '' : ' or more'}`;
}
