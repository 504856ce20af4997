/** The bot of a file, and a module with it for a child process. Throws BadProjectError. */
export async function loadBotFile(file: string, name?: string) {
  // Imported first, because modules that a bot imports may change pg for the whole process.
  await import('../../database/own-client.ts');
  const { loadBotOf } = await import('../../project/load.ts');
  return loadBotOf(file, name);
}
