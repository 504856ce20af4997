/** What maintenance and silences keep from people for a while, in words, for commands that say that nothing needs a person. */
import { byNumber, counted } from './text.ts';

/** What maintenance holds back. */
export interface HeldBackNow {
  /** windows in force */
  windows: number;
  /** open findings and pending tickets that they hold back, each counted once however many windows hold it */
  findings: number;
  tickets: number;
}

/** What silences hide. */
export interface HiddenNow {
  /** silences in force that cover an open finding */
  silences: number;
  /** the open findings that they cover, and the pending tickets of these, each counted once */
  findings: number;
  tickets: number;
}

/** `2 maintenance windows hold back 3 findings and 1 ticket`; null where none is in force. */
export const heldBackInWords = ({ windows, ...what }: HeldBackNow): string | null =>
  windows === 0
    ? null
    : `${counted(windows, 'maintenance window')} ${byNumber(windows, 'holds', 'hold')} back ${inWords(what)}`;

/** `1 silence hides 3 findings and 1 ticket`; null where none hides anything. */
export const hiddenInWords = ({ silences, ...what }: HiddenNow): string | null =>
  silences === 0
    ? null
    : `${counted(silences, 'silence')} ${byNumber(silences, 'hides', 'hide')} ${inWords(what)}`;

const inWords = ({ findings, tickets }: { findings: number; tickets: number }): string =>
  `${counted(findings, 'finding')} and ${counted(tickets, 'ticket')}`;

/** Both in one text; null where nothing is kept from people. */
export const keptBackInWords = (kept: {
  maintenance: HeldBackNow;
  silences: HiddenNow;
}): string | null =>
  [heldBackInWords(kept.maintenance), hiddenInWords(kept.silences)].filter(Boolean).join('; ') ||
  null;
