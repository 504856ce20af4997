/**
 * Makes the daily backup in a process of its own, which moves the whole database through itself: its memory ends with it, and the
 * worker goes on meanwhile (backup-process.ts).
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { connectionFlags } from '../../children/environment.ts';
import { FinalJobError, type Figures } from '../../contract/job.ts';
import { RoundsmanError } from '../../ground/errors.ts';
import { moduleBeside } from '../../ground/module-beside.ts';

const entry = fileURLToPath(moduleBeside('./backup-process', import.meta.url));

/** What the process says at its end. `explained`: an error that was thrown on purpose. */
const answerSchema = z.union([
  z.strictObject({ figures: z.record(z.string(), z.unknown()) }),
  z.strictObject({
    explained: z.object({
      what: z.string(),
      why: z.string(),
      hint: z.string(),
      reasons: z.array(z.string()).optional(),
      // Another attempt would only make another backup.
      final: z.boolean(),
    }),
  }),
  z.strictObject({ message: z.string() }),
]);

export type BackupAnswer = z.input<typeof answerSchema>;

/** The end of what it printed as errors. */
const maxSaid = 2_000;

/** How long it has to remove what it had begun once it is stopped. */
const graceMs = 20_000;

/** Throws what makes a backup fail. Aborting `signal` stops the process, which then removes what it had begun. */
export async function backupInProcess(databaseUrl: string, signal: AbortSignal): Promise<Figures> {
  signal.throwIfAborted();
  const child = spawn(process.execPath, [...connectionFlags(), entry], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // Ctrl-C in a terminal must not reach it: this process stops it.
    detached: true,
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-maxSaid)));
  // Its input stays open as long as this process lives and wants the backup. In its arguments everybody could read the address.
  child.stdin.on('error', () => {});
  child.stdin.write(`${JSON.stringify(databaseUrl)}\n`);
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    child.stdin.end();
    timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const [answer, [code, killedBy]] = await Promise.all([
      text(child.stdout),
      once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
    ]);
    signal.throwIfAborted();
    const how = killedBy ? `the signal ${killedBy}` : `exit code ${code}`;
    return figuresIn(answer, `${how}${said.trim() ? `: ${said.trim()}` : ''}`);
  } finally {
    signal.removeEventListener('abort', stop);
    clearTimeout(timer);
    child.stdin.destroy();
  }
}

function figuresIn(answer: string, ending: string): Figures {
  const read = answerSchema.safeParse(parsed(answer));
  if (!read.success)
    throw new RoundsmanError({
      what: 'the backup failed',
      why: `its process ended without a result, with ${ending}`,
      hint: '`npx roundsman db backup` makes one and prints what fails; a system without memory ends processes with SIGKILL',
    });
  if ('figures' in read.data) return read.data.figures;
  if ('message' in read.data) throw new Error(read.data.message);
  const { reasons, final, ...explained } = read.data.explained;
  throw new (final ? FinalJobError : RoundsmanError)({ ...explained, ...(reasons && { reasons }) });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
