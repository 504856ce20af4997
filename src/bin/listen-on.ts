import { messageOf, RoundsmanError } from '../ground/errors.ts';
import { listen, type Listener, type ListenOptions } from '../web/listen.ts';

/** The address or the port of the listener cannot be listened on. */
export class PortUnusableError extends RoundsmanError {}

/** Opens the listener, and reports where it listens. Throws {@link PortUnusableError}. */
export async function listenOn(options: ListenOptions): Promise<Listener> {
  const { host, port, emit } = options;
  const listener = await listen(options).catch((error: unknown) => {
    throw new PortUnusableError(
      {
        what: `port ${port} of ${host} cannot be listened on`,
        why: messageOf(error),
        hint: 'give another one with --host and --port, or with ROUNDSMAN_WEB_HOST and ROUNDSMAN_WEB_PORT; or stop the process that uses it',
      },
      { cause: error },
    );
  });
  emit('web.listening', { host: listener.host, port: listener.port });
  return listener;
}
