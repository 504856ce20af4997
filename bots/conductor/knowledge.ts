/** What is known about the problems that the conductor finds. */
import type { KnowledgeSeed } from '../../src/bot.ts';

const advice = (name: string, pattern: string, solution: string): KnowledgeSeed => ({
  name,
  category: name.split('.')[0]!,
  pattern,
  solution,
  autonomy: 'suggest',
});

export const knowledge: KnowledgeSeed[] = [
  {
    name: 'bots.last-run',
    category: 'bots',
    // Only where one run ended badly: a bot whose second run in a row ends badly needs a person.
    pattern: '^Bot \\S+ ended its newest run badly',
    solution: 'steps:\n  - remedy: run.requeue\n',
    autonomy: 'auto',
  },
  {
    name: 'bots.flapping',
    category: 'bots',
    pattern: '^Bot \\S+ flaps: ',
    solution: `# It acts when a person approves it, or for bots for which it was set to auto.
steps:
  - remedy: bot.pause
    with: { reason: its runs change between success and failure }
`,
    autonomy: 'suggest',
  },
  advice(
    'bots.newest-runs',
    '^Bot \\S+ ended its \\d+ newest runs badly',
    'Read the errors of these runs (`npx roundsman runs list --bot NAME`, `runs show ID`). Another run was queued already and ended in the ' +
      'same way, so the cause lasts: look at what the bot reads, at its settings and at its deadline.',
  ),
  advice(
    'bots.overdue',
    '^Bot \\S+ is overdue by ',
    'Look whether a scheduler is alive (`npx roundsman status`, `npx roundsman doctor`), and start one. If one is, read its log about this bot.',
  ),
  advice(
    'bots.stuck',
    '^Bot \\S+ has had (?:a|\\d+) stuck run',
    'Look whether a worker is alive and what it logs about this run. Rescue queues the run of a lost worker again by itself. If the run ' +
      'hangs in a living worker, cancel it (`npx roundsman runs cancel ID`); if none takes it, start another worker.',
  ),
  advice(
    'bots.success-rate',
    '^Bot \\S+ succeeded in only \\d+ of \\d+ runs',
    'Read the newest error (`npx roundsman runs list --bot NAME --status failed`). After a deployment, look at what changed in what the bot ' +
      'reads; where its deadline passes, give it more time (`bots edit NAME --timeout`) or less to look at.',
  ),
  advice(
    'bots.examine-nothing',
    '^Bot \\S+ (?:performed no checks|examined nothing) in its ',
    'See why each check was skipped, or what it looked at (`npx roundsman runs show ID`). A table that is empty, a source that is no longer ' +
      'written, or a setting that names nothing is the usual cause. If there is nothing to watch, disable the bot.',
  ),
  advice(
    'bots.late-starts',
    '^Bot \\S+ started \\d+ of \\d+ runs late',
    'Entries of the queue arrive late or get lost: look at the load and the memory of Redis or PostgreSQL, at the log of the workers, and ' +
      'whether their hosts are overloaded (`npx roundsman doctor` sends a test run through the queue and times it).',
  ),
  advice(
    'bots.skipped-slots',
    '^Bot \\S+ skipped \\d+ of \\d+ slots',
    'If it was still running: make its schedule rarer, give it less to look at, or let it run more than once at a time ' +
      '(`npx roundsman bots edit NAME --schedule`, `--concurrency`, `--overlap queue`). If no scheduler claimed the slots: keep one running at all times.',
  ),
  advice(
    'queue.long',
    '^\\d+ runs wait for a worker',
    'Start more workers (`npx roundsman worker`), on another machine too, or make rare what runs too often. The finding names the bots with ' +
      'the most waiting runs.',
  ),
  advice(
    'bots.out-of-service',
    '^Bot \\S+ is out of service: ',
    'The reason is in the description. Mend the definition (`npx roundsman bots edit NAME`), which ends the error, or resume the bot ' +
      '(`npx roundsman bots resume NAME`); one that is not needed any more is better disabled.',
  ),
  advice(
    'bots.health-score',
    '^Bot \\S+ has a health score of \\d+',
    'The score counts failed runs and slots that were skipped or missed on that day. See which they are ' +
      '(`npx roundsman runs list --bot NAME --since 24h`), and what the other findings about this bot say.',
  ),
];
