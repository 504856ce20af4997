/** What is known about the problems that the conductor finds. */
import type { KnowledgeSeed } from '../../src/bot.ts';
import { adviceOn } from '../parts/advice.ts';

const onBots = adviceOn('bots');

export const knowledge: KnowledgeSeed[] = [
  {
    name: 'bots.last-run',
    category: 'bots',
    // Only where one run failed: a bot whose second run in a row fails needs a person.
    pattern: '^Bot \\S+ failed in its newest run, ',
    solution: 'steps:\n  - remedy: run.requeue\n',
    autonomy: 'auto',
  },
  {
    name: 'bots.flapping',
    category: 'bots',
    pattern: '^Bot \\S+ flaps: ',
    solution: `# It acts only when a person approves it, or sets this entry to auto.
steps:
  - remedy: bot.pause
    with: { reason: its runs change between success and failure }
`,
    autonomy: 'suggest',
  },
  onBots(
    'newest-runs',
    '^Bot \\S+ failed in its \\d+ newest runs, ',
    'Read the errors of these runs (`npx roundsman runs list --bot NAME`, `runs show ID`). Another run was queued already and failed, ' +
      'too, so the cause lasts: look at what the bot reads, at its settings and at its deadline.',
  ),
  onBots(
    'overdue',
    '^Bot \\S+ is overdue by ',
    'Check whether a scheduler is alive (`npx roundsman status`, `npx roundsman doctor`). If none is, start one. If one is, read its log about this bot.',
  ),
  onBots(
    'stuck',
    '^Bot \\S+ has had (?:a|\\d+) stuck run',
    'Check whether a worker is alive and what it logs about this run. Rescue queues the run of a lost worker again by itself. If the run ' +
      'hangs in a living worker, cancel it (`npx roundsman runs cancel ID`); if no worker starts it, start another worker.',
  ),
  onBots(
    'success-rate',
    '^Bot \\S+ succeeded in only \\d+ of \\d+ runs',
    'Read the newest error (`npx roundsman runs list --bot NAME --status failed`). After a deployment, look at what changed in what the bot ' +
      'reads; where its deadline passes, give it more time (`npx roundsman bots edit NAME --timeout`) or less to examine.',
  ),
  onBots(
    'examine-nothing',
    '^Bot \\S+ (?:performed no checks|examined nothing) in its ',
    'See why each check was skipped, or what it examined (`npx roundsman runs show ID`). A table that is empty, a source that is no longer ' +
      'written, or a setting that names nothing is the usual cause. If there is nothing to watch, disable the bot.',
  ),
  onBots(
    'late-starts',
    '^Bot \\S+ started \\d+ of \\d+ runs late',
    'Entries of the queue arrive late or get lost: look at the load and the memory of Redis or PostgreSQL, at the log of the workers, and ' +
      'at the load of their hosts. `npx roundsman doctor` sends a canary through the queue and times it.',
  ),
  onBots(
    'skipped-slots',
    '^Bot \\S+ skipped \\d+ of \\d+ slots',
    'If it was still running: have it run less often, give it less to examine, or let it run more than once at a time ' +
      '(`npx roundsman bots edit NAME --schedule`, `--concurrency`, `--overlap queue`). If no scheduler claimed the slots: keep one running at all times.',
  ),
  adviceOn('queue')(
    'long',
    '^\\d+ runs wait for a worker',
    'Start more workers (`npx roundsman worker`), also on another machine, or have bots run less often. The finding names the bots with ' +
      'the most waiting runs.',
  ),
  onBots(
    'out-of-service',
    '^Bot \\S+ is out of service: ',
    'The reason is in the description. Mend the definition (`npx roundsman bots edit NAME`), which ends the error, or resume the bot ' +
      '(`npx roundsman bots resume NAME`); disable a bot that is not needed any more.',
  ),
  onBots(
    'health-score',
    '^Bot \\S+ has a health score of \\d+',
    'The score counts failed runs and slots that were skipped or missed on that day. See which they are ' +
      '(`npx roundsman runs list --bot NAME --since 24h`), and what the other findings about this bot say.',
  ),
  adviceOn('healing')(
    'loops',
    '^\\S+ (?:and \\S+ alternate: |makes problems: |causes what it heals: |healed .+ \\d+ times in 24 h and is at its daily limit|was stopped by )',
    'What is healed comes back, so the cause lasts. See what the entry did and what followed (`npx roundsman knowledge history NAME`), disable it ' +
      '(`knowledge disable NAME`) or have it only suggest until the cause is mended; where these heals are right, raise its limits.',
  ),
];
