/** What commands say about a finding whose check counts events. */
import { moment } from '../terminal/print.ts';

/** Since when events count, and that they are too few for a verdict; null where a verdict does not wait for events. */
export const tooFewInWords = (since: Date | null, now: Date): string | null =>
  since &&
  `only events from ${moment(since, now)} on count; there were too few since then to tell whether the finding is gone`;

/** How what a ticket stands for is resolved, after a person has resolved the ticket. */
export const resolvesInWords = (of: 'storm' | 'events' | 'state'): string =>
  ({
    storm: 'Its findings resolve when checks see that they are gone, each its own',
    events:
      'Its check counts events, from now on only new ones: its finding resolves when a check has seen enough of them, and they are good',
    state: 'Its finding resolves at the next clean check',
  })[of];
