/**
 * An application that has a bot run now, after a deployment for example, and waits for the end of the run.
 *
 *     npx node examples/enqueue-a-run.ts editor
 *
 * It needs DATABASE_URL, and no engine in its own process: a worker anywhere executes the run, `npx roundsman up` or
 * embed-the-engine.ts. Without a worker it waits for a minute.
 */
import { connect, enqueueRun, RoundsmanError, untilEnded } from 'roundsman';

const db = connect(process.env.DATABASE_URL!);
try {
  const { id } = await enqueueRun(db, process.argv[2] ?? 'editor');
  const ended = await untilEnded(db, { run: id, signal: AbortSignal.timeout(60_000) });
  console.log(ended?.status ?? 'no worker has executed it within a minute');
} catch (error) {
  if (!(error instanceof RoundsmanError)) throw error;
  // Each error that is thrown on purpose says what, why and what to try: docs/errors.md.
  console.error(`${error.what}: ${error.why}\ntry: ${error.hint}`);
  process.exitCode = error.exitCode;
} finally {
  await db.destroy();
}
