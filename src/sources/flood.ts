/**
 * When a source reports very many different alarms within a short time, one finding stands for them: the flood. Each alarm is recorded,
 * counted and cleared as usual, and stands behind the flood, so that there is one ticket and not thousands.
 */
import type { ReportedFinding } from '../contract/finding.ts';
import { floodMetadata } from '../data/bots/standing-tickets.ts';
import type { FloodState, OpenAlarm } from '../data/sources/floods.ts';
import { severities } from '../ground/severity.ts';
import { counted, withCommas } from '../ground/text.ts';
import type { SourceConfig } from './config.ts';

/** The key of the flood's finding. */
export const floodKey = 'flood';

/** Within how many minutes more different alarms than `flood_alarms` are a flood. */
export const floodWindowMinutes = 10;

/** A flood is over when no more of its alarms are open than this share of `flood_alarms`, each of which may need a ticket then. */
const restShare = 0.2;

/** How many alarms the finding names. */
const maxNamed = 10;

/** What a batch and the open findings say about the flood of a source. */
export interface FloodNow {
  /** the alarms, of which those that are parts of the flood stand behind it */
  findings: ReportedFinding[];
  /** the flood's own finding; null where it is not reported, because none is there or nothing new has come */
  flood: ReportedFinding | null;
  /** whether the flood is over */
  isOver: boolean;
}

interface Given {
  source: string;
  bot: string;
  state: FloodState;
  /** of the keys of the batch, those with an open finding */
  open: readonly OpenAlarm[];
  /** keys of alarms that end with this batch */
  ended: readonly string[];
}

/** `findings`: the alarms of a batch that fire. */
export function withFlood(
  findings: readonly ReportedFinding[],
  { flood_alarms: limit, category }: SourceConfig,
  { source, bot, state, open, ended }: Given,
): FloodNow {
  const isPart = new Map(open.map(({ key, is_part }) => [key, is_part]));
  const fresh = findings.filter(({ key }) => !isPart.has(key!));
  const recent = state.recent + fresh.length;
  const ending = ended.filter((key) => isPart.get(key)).length;
  const left = state.open - ending;
  const rest = restOf(limit);
  const isOver = state.id !== null && recent <= limit && left + fresh.length <= rest;
  const isOn = state.id === null ? recent > limit : !isOver;
  if (!isOn) return { findings: [...findings], flood: null, isOver };
  const component = `alarms of ${source}`;
  const all = findings.map((finding) =>
    isPart.get(finding.key!) === false
      ? // It was open before the flood, and has a ticket where it needs one.
        finding
      : { ...finding, dependsOn: [component] },
  );
  const parts = all.filter(({ dependsOn }) => dependsOn !== undefined);
  if (parts.length === 0) return { findings: all, flood: null, isOver };
  const alarms = state.alarms + fresh.length;
  const openNow = left + fresh.length;
  const worst = severities.find(
    (each) => each === state.worst || parts.some(({ severity }) => severity === each),
  )!;
  return {
    findings: all,
    isOver,
    flood: {
      severity: worst,
      category,
      title: `Flood of alarms: ${withCommas(alarms)} different ones of the source ${source}`,
      description:
        `More than ${counted(limit, 'different alarm')} came within ${floodWindowMinutes} minutes (flood_alarms). One ticket stands for all of them, because the cause is probably one: ` +
        `none of them gets a ticket of its own, and none is healed. Each is recorded, counted and cleared as usual: \`npx roundsman findings list --bot ${bot}\` lists them. ` +
        `${withCommas(openNow)} of them ${openNow === 1 ? 'is' : 'are'} open now. The flood is over when no more than ${counted(rest, 'alarm')} of it ${rest === 1 ? 'is' : 'are'} open and no more than ${limit} new ones come in ${floodWindowMinutes} minutes; those that are left get tickets then, as their severities ask for.` +
        `\n\nThe newest:\n${parts
          .slice(-maxNamed)
          .map(({ title }) => title)
          .join('\n')}`,
      component,
      key: floodKey,
      metadata: { source, ...floodMetadata({ alarms, open: openNow, limit }) },
      // The engine's own rule, and no look that could be wrong.
      certain: true,
    },
  };
}

const restOf = (limit: number): number => Math.max(1, Math.floor(limit * restShare));
