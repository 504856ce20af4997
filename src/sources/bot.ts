/** The bot behind every `in:` endpoint: it reads what its source has sent. */
import { z } from 'zod';
import { defineBot, type Bot } from '../contract/bot.ts';
import type { CheckContext } from '../contract/check.ts';
import type { CheckResult, ReportedFinding } from '../contract/finding.ts';
import {
  keysInHoldWindow,
  sourceOfRun,
  unreadDeliveries,
  type UnreadDelivery,
} from '../data/sources/deliveries.ts';
import { floodState, openAlarms } from '../data/sources/floods.ts';
import type { Db } from '../database/connect.ts';
import { byNumber, span } from '../ground/text.ts';
import { sourceConfig, type SourceConfig } from './config.ts';
import { sourceOf } from './endpoint.ts';
import { floodKey, floodWindowMinutes, withFlood } from './flood.ts';
import type { Alarm } from './reading/kind.ts';
import { kindOf } from './kinds/index.ts';
import { newestStates, openOrder } from './order.ts';
import { readBatch, type Batch } from './read.ts';

/** The name of the only check; `engine.check_memories` holds the number up to which it has read. */
export const checkName = 'deliveries';

/** How many deliveries one run reads at most; where there are more, the next run follows at once. */
export const maxDeliveries = 1_000;

/** How many characters of alarms one run reads at most: what a check returns is bounded, and a result that is cut would lose alarms. */
const maxCharacters = 2_000_000;

/**
 * How many different alarms one run reads at most. A run records 1,000 findings at most, and these in one statement; one that takes longer than
 * a statement may would be tried again and again. One delivery has 100 at most.
 */
const maxKeys = 500;

/** For how long after a cure the sender is waited for, in seconds. When it has said nothing by then, the cure is undecided. */
const judgeWithinSeconds = 24 * 3_600;

/** The key of the finding that the source itself is silent. */
const silenceKey = 'silence';

/** The key of the finding that what the source sends cannot be read. */
const unreadableKey = 'unreadable';

/** Such a finding clears when all that arrives for so long can be read. */
const readableForMs = 60 * 60_000;

const memory = z.object({
  read: z.string().regex(/^\d{1,19}$/),
  newest: newestStates.optional(),
  /** when the newest delivery arrived that could not be read, in milliseconds since 1970 */
  unreadable_at: z.number().int().optional(),
});

/** One definition for all sources: the check reads the source from its run. */
export const sourceBot: Bot = defineBot({
  name: 'source',
  displayName: 'Source',
  description:
    'Reads what another system sends, such as alarms of Alertmanager, and records it as findings.',
  schedule: '*/5 * * * *',
  config: sourceConfig,
  checks: [
    {
      name: checkName,
      title: 'Which alarms does the source report?',
      remembers: true,
      judgeWithinSeconds,
      run: readDeliveries,
    },
  ],
});

/**
 * Reads the deliveries after those that the last recorded run has read. The number of the last one is remembered in the commit that records
 * the findings, so each delivery is read once for each commit. While a cure is judged, only deliveries that arrived after it count, and nothing
 * is recorded.
 */
async function readDeliveries(config: SourceConfig, context: CheckContext): Promise<CheckResult> {
  const { db, now, run, since, remembered } = context;
  const source = sourceOf(run.endpoint);
  const state = await sourceOfRun(db, run.id);
  const known = memory.safeParse(remembered);
  const {
    read: after,
    newest = [],
    unreadable_at: unreadableBefore,
  } = known.success ? known.data : { read: '0' };
  const order = openOrder(newest, kindOf(config.kind));
  const found = await unreadDeliveries(db, state.bot_id, { after, limit: maxDeliveries, since });
  const deliveries = fitting(found);
  const batch = readBatch(deliveries, config, { source, order });
  if (since !== null) return { partial: true, examined: batch.examined, findings: batch.findings };
  const last = deliveries.at(-1)?.number ?? after;
  const unread = Number(BigInt(state.last_number ?? '0') - BigInt(last));
  // What waits may fire again, so the silence about a key says something only where all was read.
  const held = unread > 0 ? [] : await keysInHoldWindow(db, state.bot_id, checkName);
  const flooded = withFlood(batch.findings, config, {
    source,
    bot: state.bot,
    ...(await floodNow(db, state.bot_id, batch)),
  });
  const silence = silenceOf(config, { source, state, now });
  const unreadable = unreadableOf(config, { source, bot: state.bot, batch });
  const unreadableAt = batch.unreadable?.receivedAt.getTime() ?? unreadableBefore;
  const newestArrival = deliveries.at(-1)?.received_at.getTime() ?? 0;
  const isReadable = unreadableAt === undefined || newestArrival > unreadableAt + readableForMs;
  return {
    partial: true,
    unrelated: true,
    examined: [
      ...new Set([
        silenceKey,
        ...(flooded.isOver || flooded.flood ? [floodKey] : []),
        ...(unreadable || isReadable ? [unreadableKey] : []),
        ...batch.examined,
        ...held,
      ]),
    ],
    findings: [
      ...(silence ? [silence] : []),
      ...(unreadable ? [unreadable] : []),
      ...(flooded.flood ? [flooded.flood] : []),
      ...flooded.findings,
    ],
    unreported: batch.unreported,
    figures: [...batch.figures, { name: 'deliveries that wait', value: Math.max(0, unread) }],
    ...(last !== after && {
      remember: {
        read: last,
        newest: order.remembered(),
        ...(!isReadable && { unreadable_at: unreadableAt }),
      },
    }),
  };
}

/** What the open findings say about a flood, and which of the batch's keys are open. */
async function floodNow(db: Db, botId: string, { findings, examined, unreported }: Batch) {
  const state = await floodState(db, botId, {
    check: checkName,
    floodKey,
    windowMinutes: floodWindowMinutes,
  });
  const firing = new Set(findings.map(({ key }) => key!));
  const ended = [...examined, ...unreported.map(({ key }) => key)].filter(
    (key) => !firing.has(key),
  );
  const open = await openAlarms(db, botId, {
    check: checkName,
    keys: [...firing, ...ended],
    flood: state.id,
  });
  return { state, open, ended };
}

/** As many of the deliveries as one result can hold, and one at least. */
function fitting(deliveries: readonly UnreadDelivery[]): readonly UnreadDelivery[] {
  let characters = 0;
  const keys = new Set<string>();
  const end = deliveries.findIndex((delivery, index) => {
    characters += delivery.size;
    for (const { key } of delivery.alarms as Alarm[]) keys.add(key);
    return (characters > maxCharacters || keys.size > maxKeys) && index > 0;
  });
  return end < 0 ? deliveries : deliveries.slice(0, end);
}

function unreadableOf(
  { category, severity, kind }: SourceConfig,
  { source, bot, batch: { unreadable } }: { source: string; bot: string; batch: Batch },
): ReportedFinding | null {
  if (!unreadable) return null;
  const { count, why } = unreadable;
  return {
    severity,
    category,
    title: `What the source ${source} sends cannot be read`,
    description: `${count} ${byNumber(count, 'delivery', 'deliveries')} of this run had another shape than the kind ${kind} has; of the newest: ${why}. They were taken, and what they report is not known: look whether the kind fits the sender, and whether its message was changed from its usual form; \`npx roundsman sources show ${bot}\` lists the newest.`,
    component: `source ${source}`,
    key: unreadableKey,
    metadata: { source, kind, why },
    // The sender may send nothing else for a long time.
    certain: true,
  };
}

function silenceOf(
  { silent_after_minutes: minutes, category, severity }: SourceConfig,
  {
    source,
    state: { last_received_at, created_at, bot },
    now,
  }: { source: string; state: Awaited<ReturnType<typeof sourceOfRun>>; now: Date },
): ReportedFinding | null {
  if (minutes === undefined) return null;
  const silentMs = now.getTime() - (last_received_at ?? created_at).getTime();
  if (silentMs <= minutes * 60_000) return null;
  return {
    severity,
    category,
    title:
      last_received_at === null
        ? `The source ${source} has never sent anything`
        : `The source ${source} has been silent for ${span(silentMs)}`,
    description: `It said that it is silent for ${span(minutes * 60_000)} at most (silent_after_minutes). What it would report is not known meanwhile: look whether the sender runs and reaches \`roundsman web\`; \`npx roundsman sources test ${bot}\` shows whether the rest of the way works.`,
    component: `source ${source}`,
    key: silenceKey,
    metadata: { source, last_received_at: last_received_at?.toISOString() ?? null },
  };
}
