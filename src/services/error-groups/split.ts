import { lockErrorGroups } from '../../error-groups/rows/cursor.ts';
import { newestErrors } from '../../error-groups/rows/read-parts.ts';
import type { Db } from '../../database/connect.ts';
import { UsageError } from '../../ground/errors.ts';
import { storable } from '../../ground/text.ts';
import { splitTemplate, splitText } from '../../transitions/error-groups/split.ts';
import { authorise, type Actor } from '../actor.ts';
import { findGroup, needErrorLogs } from './find.ts';

/** How many of a group's newest errors are looked at for a text. */
const maxLookedAt = 1_000;
const maxTextLength = 200;

/** How many of the group's newest errors contain the text: what a split would have moved. Throws NotFoundError, UsageError. */
export async function errorsWithText(db: Db, given: string, text: string) {
  await needErrorLogs(db);
  const { id } = await findGroup(db, given);
  const newest = await newestErrors(db, id, maxLookedAt);
  const there = newest.filter(({ error_message }) => error_message !== null);
  return {
    containing: there.filter(({ error_message }) => error_message!.includes(text)).length,
    looked_at: there.length,
  };
}

export type Part = { template: string } | { text: string };

/**
 * Takes a part of a group out of it: one of its templates with all its errors, or the errors that contain a text and come from now
 * on. For operators. Throws NotFoundError, UsageError.
 */
export async function splitGroup(
  { db, actor }: { db: Db; actor: Actor },
  { group: given, part }: { group: string; part: Part },
) {
  authorise(actor, 'split groups of errors', 'operator');
  await needErrorLogs(db);
  return db.transaction().execute(async (trx) => {
    const locked = await lockErrorGroups(trx);
    const group = await findGroup(trx, given);
    const opened =
      'text' in part
        ? await splitText(trx, locked, group.id, textOf(part.text))
        : await splitTemplate(trx, locked, group.id, part.template);
    if (opened === null && 'template' in part) throw notThere(group.id, part.template);
    return { group: await findGroup(trx, group.id), opened: await findGroup(trx, opened!) };
  });
}

function textOf(given: string): string {
  const text = storable(given);
  if (text.trim() !== '' && [...text].length <= maxTextLength) return text;
  throw new UsageError({
    what: `--containing cannot be ${text.trim() === '' ? 'empty' : `longer than ${maxTextLength} characters`}`,
    why: 'it has to tell the errors that are split off from the others',
    hint: "give a part of their messages: --containing 'connection refused'",
  });
}

const notThere = (group: string, template: string): UsageError =>
  new UsageError({
    what: `template ${template} cannot be split off from group ${group}`,
    why: 'it is not in this group, or the group has no other',
    hint: `\`npx roundsman errors show ${group}\` shows its templates; --containing splits off errors by a text`,
  });
