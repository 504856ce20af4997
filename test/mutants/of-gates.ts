/** The gates: as rules, and what they ask the database. */
import type { Mutants } from './mutant.ts';

export const gates: Mutants[] = [
  {
    file: 'src/heal/gate.ts',
    test: 'test/heal/gate-order.test.ts',
    servers: false,
    changes: {
      'a mode that is not there stops nothing': [
        "mode === 'off' || mode === null",
        "mode === 'off'",
      ],
      'an approval is not enough in mode safe': [
        '(isApproved(inputs) ||\n            candidate',
        '(candidate',
      ],
      'mode safe lets through what is reversible': [
        "riskOf(stepsOf(candidate)) === 'safe'",
        "riskOf(stepsOf(candidate)) !== 'irreversible'",
      ],
      'an unreadable silence is none': ['silenced !== false', 'silenced === true'],
      'maintenance that cannot be read is none': ['maintained !== false', 'maintained === true'],
      'a playbook that cannot run is not disabled': [" || solution.kind === 'broken'", ''],
      'what only suggests acts alone': [
        "autonomy !== 'auto' && !isA",
        "autonomy === 'shadow' && !isA",
      ],
      'a rejection is no answer': ["inputs.answer === 'rejected' ||", ''],
      'what was taken back is done again where that is not known': [
        'inputs.undone !== false',
        'inputs.undone === true',
      ],
      'what is irreversible asks for no approval': [
        " || riskOf(stepsOf(candidate)) === 'irreversible'",
        '',
      ],
      'a cooldown that cannot be read is none': ['cooldown === null || (', '('],
      'what is unfinished closes nothing where it cannot be read': [
        'unfinished !== 0',
        'unfinished > 0',
      ],
      'an entry heals once more than an hour allows': [
        '!(entry_last_hour < heals_per_entry)',
        'entry_last_hour > heals_per_entry',
      ],
      'the limit of a day over all components is not asked': [
        ' &&\n        inputs.entry_last_day < inputs.heals_a_day',
        '',
      ],
      'the breaker opens one failure late': [
        'failures_in_row >= breaker_failures',
        'failures_in_row > breaker_failures',
      ],
      'the engine heals once more than its budget': [
        '!(engine_last_hour < budget)',
        'engine_last_hour > budget',
      ],
      'a heal that has begun is asked by no breaker': [
        "name: 'breaker',",
        "name: 'breaker', beforeBeginning: true,",
      ],
      'the last closed gate is named': ['gates.find(isClosed', 'gates.findLast(isClosed'],
    },
  },
  {
    file: 'src/heal/storm.ts',
    test: 'test/heal/gate-order.test.ts',
    servers: false,
    changes: {
      'half of the components are a storm': [
        'broken_components > known_components * storm_share',
        'broken_components >= known_components * storm_share',
      ],
    },
  },
  {
    file: 'src/data/bots/storms.ts',
    test: 'test/run/unexamined.test.ts',
    servers: true,
    changes: {
      'no run could tell how much there is, so that it is no storm': [
        'sql`coalesce(${known}, ${broken})`',
        'sql`coalesce(${known}, 2147483647)`',
      ],
    },
  },
  {
    file: 'src/heal/gate-inputs.ts',
    test: 'test/heal/gate.test.ts',
    servers: true,
    changes: {
      'what people did about a shadow is an approval of it': ["AND d.verdict <> 'shadowed'", ''],
    },
  },
  {
    file: 'src/data/bots/bot-decisions.ts',
    test: 'test/heal/gate.test.ts',
    servers: true,
    changes: {
      'a rejection is used up by what was begun meanwhile': [
        "(${sql.ref(`${alias}.answer`)} = 'approved'\n    AND EXISTS",
        '(EXISTS',
      ],
    },
  },
  {
    file: 'src/data/bots/bot-decisions.ts',
    test: 'test/heal/decide.test.ts',
    servers: true,
    changes: {
      'an approval is for any number of heals': ["a.taken_at >= ${column('answered_at')}", 'false'],
    },
  },
  {
    file: 'src/transitions/decisions/answer.ts',
    test: 'test/cli/tickets-answer-anew.test.ts',
    servers: true,
    changes: {
      'what a heal has used is taken back': [".where(({ not }) => not(approvalUsed('d')))", ''],
      'the slower of two answers counts': [".where('d.answer', 'is not distinct from', seen)", ''],
    },
  },
];
