import type { ErrorGroup } from '../../services/error-groups/merge.ts';
import { UsageError } from '../../ground/errors.ts';
import { printable } from '../../ground/text.ts';
import { mergeGroups } from '../../services/error-groups/merge.ts';
import { muteGroup, unmuteGroup } from '../../services/error-groups/mute.ts';
import { errorsWithText, splitGroup, type Part } from '../../services/error-groups/split.ts';
import { silenceTextOf } from '../../services/silences/add.ts';
import { actorOf } from '../arguments/actor.ts';
import { withDatabase } from '../session/database.ts';
import { askFor, goesAhead } from '../terminal/ask.ts';
import { withDraft } from '../terminal/draft.ts';
import { asReason } from '../terminal/long-text.ts';
import { counted, moment, printJson, say } from '../terminal/print.ts';
import { noteMerged } from './merged.ts';

interface ChangeOptions {
  as?: string;
  json?: true;
}

/** How many templates of a merged group are named. */
const maxNamed = 5;

export const mergeErrors = (
  given: string[],
  options: ChangeOptions & { into: string },
): Promise<void> =>
  withDatabase(async ({ db }) => {
    const actor = actorOf(options.as);
    const { into, merged, templates } = await mergeGroups(
      { db, actor },
      { groups: given, into: options.into },
    );
    if (options.json) return printJson({ ...into, merged });
    const numbers = merged.map(({ id }) => id).join(', ');
    say(
      `Merged ${numbers} into group ${into.id}, which has ${counted(Number(into.errors), 'error')} now.`,
    );
    say(
      templates.length === 1
        ? `\`npx roundsman errors split ${into.id} --template ${templates[0]}\` takes it out again.`
        : `\`npx roundsman errors show ${into.id}\` lists its templates; \`split --template\` takes one out again, such as ${templates.slice(0, maxNamed).join(', ')}.`,
    );
    const told = afterMerge(into, merged);
    if (told) say(told);
  });

/**
 * What a merge changes in who is told: `into` keeps its own state, so that no merge mutes errors without a word, or tells of muted
 * ones. Null where all were muted, or none.
 */
function afterMerge(into: ErrorGroup, merged: readonly ErrorGroup[]): string | null {
  const differs = merged.filter(({ muted_at }) => (muted_at === null) !== (into.muted_at === null));
  if (differs.length === 0) return null;
  const numbers = differs.map(({ id }) => id).join(', ');
  const word = differs.length === 1 ? 'group' : 'groups';
  return into.muted_at === null
    ? `The mute of ${word} ${numbers} ended by this: people are told of these errors again, as a part of group ${into.id}. \`npx roundsman errors mute ${into.id} --reason ...\` mutes the whole group.`
    : `Group ${into.id} is muted, so people are not told of the errors of ${word} ${numbers} any more. \`npx roundsman errors unmute ${into.id}\` ends that.`;
}

interface SplitOptions extends ChangeOptions {
  template?: string;
  containing?: string;
  yes?: true;
}

export const splitErrors = (given: string, options: SplitOptions): Promise<void> => {
  const part = partOf(options);
  return withDatabase(async ({ db }) => {
    if ('text' in part) {
      const { containing, looked_at } = await errorsWithText(db, given, part.text);
      const question = `None of the ${counted(looked_at, 'newest error')} of the group contains it. Split it off all the same?`;
      if (containing === 0 && !(await goesAhead(options, question))) return;
    }
    const actor = actorOf(options.as);
    const { group, opened } = await splitGroup({ db, actor }, { group: given, part });
    noteMerged(given, group.id);
    if (options.json) return printJson({ ...opened, split_from: group });
    say(
      'text' in part
        ? `Errors of group ${group.id} that contain ${JSON.stringify(printable(part.text))} are counted in group ${opened.id} from now on.`
        : `Split template ${printable(part.template)} off group ${group.id}: group ${opened.id} has ${counted(Number(opened.errors), 'error')}.`,
    );
    say(`\`npx roundsman errors merge ${opened.id} --into ${group.id}\` takes it back.`);
  });
};

function partOf({ template, containing }: SplitOptions): Part {
  if (containing !== undefined) return { text: containing };
  if (template !== undefined && /^\d{1,18}$/.test(template)) return { template };
  throw new UsageError({
    what: 'nothing was split',
    why:
      template === undefined
        ? 'no option says which part to take out'
        : `--template ${JSON.stringify(template)} is no number of a template`,
    hint: "give --template with a number that `npx roundsman errors show` lists, or --containing 'a part of the messages'",
  });
}

interface MuteOptions extends ChangeOptions {
  for?: number;
  reason?: string;
}

export async function muteErrors(given: string, options: MuteOptions): Promise<void> {
  const reasonGiven = silenceTextOf('--reason', options.reason);
  await withDraft(asReason, (draft) =>
    withDatabase(async ({ db }) => {
      const reason = reasonGiven ?? (await askFor('--reason', 'Why', { isProse: true, draft }));
      const seconds = options.for ?? null;
      const actor = actorOf(options.as);
      const group = await muteGroup({ db, actor }, { group: given, reason, seconds });
      noteMerged(given, group.id);
      if (options.json) return printJson(group);
      const until = group.muted_until
        ? `until ${moment(group.muted_until, new Date())}`
        : 'until it is unmuted';
      say(`Muted group ${group.id} ${until}. Its errors are counted as before.`);
      say(
        `\`npx roundsman errors unmute ${group.id}\` ends it${group.muted_until ? ' earlier' : ''}.`,
      );
    }),
  );
}

export const unmuteErrors = (given: string, options: ChangeOptions): Promise<void> =>
  withDatabase(async ({ db }) => {
    const { group, was } = await unmuteGroup({ db, actor: actorOf(options.as) }, { group: given });
    noteMerged(given, group.id);
    if (options.json) return printJson(group);
    say(
      was
        ? `Unmuted group ${group.id}: people are told about it again.`
        : `Group ${group.id} was not muted.`,
    );
  });
