import { commentOf, commentOnTicket } from '../../../services/tickets/comment.ts';
import { nameOf, type ReviewAction } from './action.ts';

export const comment: ReviewAction = {
  key: 'c',
  name: 'comment',
  words: 'write into its history',
  refusal: () => null,
  questions: (seen) => [
    {
      ask: `Comment on ${nameOf(seen)}`,
      isProse: true,
      commandWithFile: (file) =>
        `\`npx roundsman tickets comment ${nameOf(seen)} --notes-file ${file}\``,
      check: (text) => void commentOf(text),
    },
  ],
  warning: () => 'a comment stays in the history',
  async perform(context, seen, [text]) {
    await commentOnTicket(context, { ticket: seen.ticket.id, text: text! });
    return {
      message: `Commented on ${nameOf(seen)}`,
      undo: { cannot: 'a comment stays in the history' },
    };
  },
};
