import type { TicketRow } from '../../data/bots/bot-tickets.ts';
import {
  componentIn,
  curesOfCheck,
  earlierTickets,
  ticketsBeside,
  type Cured,
  type RelatedTicket,
} from '../../data/bots/related-tickets.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { figuresOf } from '../../heal/judging/figures.ts';
import { ticketOf } from '../references/ticket.ts';

export interface Related {
  ticket: TicketRow;
  /** null when the ticket does not say */
  component: string | null;
  earlier: RelatedTicket[];
  beside: RelatedTicket[];
  /** of its heals that are decided, over everything that it was tried on, so many held */
  cures: (Cured & { decided: number; held: number })[];
  /** the database's time */
  now: Date;
}

/** What other tickets tell about this one. Throws NotFoundError. */
export async function relatedTo(db: Db, { ticket: given }: { ticket: string }): Promise<Related> {
  const ticket = await ticketOf(db, given);
  const cures = await curesOfCheck(db, ticket);
  const ids = cures.map(({ knowledge_id }) => knowledge_id);
  const component = componentIn(ticket.metadata);
  const figures = await figuresOf(db, ids, { fingerprint: null, component: null, category: null });
  return {
    ticket,
    component,
    earlier: await earlierTickets(db, ticket),
    beside: await ticketsBeside(db, ticket),
    cures: cures.map((cure) => {
      const { decided, held } = figures.get(cure.knowledge_id)!.records.all;
      return { ...cure, decided, held };
    }),
    now: await currentTime(db),
  };
}
