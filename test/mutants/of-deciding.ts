/** Who begins a heal, who goes on with it, and what is left alone. */
import type { Mutants } from './mutant.ts';

const decide = { file: 'src/heal/decide.ts', servers: true };
const evaluate = { file: 'src/heal/evaluate.ts', servers: true };

export const deciding: Mutants[] = [
  {
    ...decide,
    test: 'test/heal/gate.test.ts',
    changes: {
      'decisions overspend the budget together': ['if (begins) await lockBudget(trx);', ''],
      'the gates are not asked again under the budget': [
        'if (begins) evaluated = await ask();',
        '',
      ],
    },
  },
  {
    ...decide,
    test: 'test/heal/ladder.test.ts',
    changes: {
      'a finding that is resolved is healed': [".where('resolved_at', 'is', null)", ''],
      'a heal that has begun asks no gate': ['closedGate(inputs, knowledge, stage)', 'null'],
    },
  },
  {
    ...decide,
    test: 'test/run/verify-later.test.ts',
    changes: {
      'a bot that is paused goes on with its ladder': ['(await mayAct(trx, run)) && ', ''],
    },
  },
  {
    ...decide,
    test: 'test/heal/decide.test.ts',
    changes: {
      'another entry acts in the place of one that holds out': [
        " || each.prospect === 'hold out'",
        '',
      ],
    },
  },
  {
    ...evaluate,
    test: 'test/heal/decide.test.ts',
    changes: {
      'what a person approved is left alone': ["decided.answer !== 'approved' &&", ''],
    },
  },
  {
    ...evaluate,
    test: 'test/heal/gate.test.ts',
    changes: {
      'advice that is disabled is given': ["candidate.enabled ? null : 'disabled'", 'null'],
    },
  },
];
