import { getCompileCacheDir } from 'node:module';
import { markName } from './processes.ts';

/**
 * Variables that say where programs, certificates and passwords are found, and how time, text and host names are read. Not
 * NODE_TLS_REJECT_UNAUTHORIZED, which switches the check of certificates off, and none that names a proxy.
 */
const inheritedVariables = [
  'PATH',
  'LD_LIBRARY_PATH',
  'HOME',
  'TMPDIR',
  'TZ',
  'LANG',
  'LC_ALL',
  'NODE_EXTRA_CA_CERTS',
  'NODE_USE_SYSTEM_CA',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'OPENSSL_CONF',
  'PGPASSFILE',
  'RES_OPTIONS',
  'LOCALDOMAIN',
  'HOSTALIASES',
];

/** The environment of a child, without the variables and secrets that it does not need. `mark` is its mark. */
export function environmentOf(mark: string): NodeJS.ProcessEnv {
  const cacheDirectory = getCompileCacheDir();
  return {
    ...Object.fromEntries(
      inheritedVariables.flatMap((name) =>
        process.env[name] === undefined ? [] : [[name, process.env[name]]],
      ),
    ),
    [markName]: mark,
    // Most of a start is the compilation of modules: when this process caches compiled modules, its children use the
    // cache.
    ...(cacheDirectory === undefined ? {} : { NODE_COMPILE_CACHE: cacheDirectory }),
  };
}

/** The flags of Node that concern connections: which certificates are trusted, and how names are resolved. */
const connectionFlag =
  /^--(no-)?(use-(openssl|bundled|system)-ca|openssl-(config|legacy-provider|shared-config)|tls-(cipher-list|(min|max)-v1\.\d)|(enable|force)-fips|dns-result-order|network-family-autoselection(-attempt-timeout)?|enable-network-family-autoselection)(=|$)/;

/** The value of these flags may follow as a separate argument. */
const takesValue =
  /^--(openssl-config|tls-cipher-list|dns-result-order|network-family-autoselection-attempt-timeout)$/;

/** Splits a text as Node splits NODE_OPTIONS: by spaces, with double quotes and backslash escapes. */
const wordsOf = (options: string): string[] =>
  (options.match(/(?:[^\s"]|"(?:\\.|[^"\\])*")+/g) ?? []).map((word) =>
    word.replace(/"((?:\\.|[^"\\])*)"/g, (_, quoted: string) => quoted.replace(/\\(.)/g, '$1')),
  );

/**
 * The flags of this kind with which this process was started, from NODE_OPTIONS and from the command line, which comes
 * last and wins.
 */
export function connectionFlags(
  options = process.env.NODE_OPTIONS ?? '',
  execArgv: readonly string[] = process.execArgv,
): string[] {
  const words = [...wordsOf(options), ...execArgv];
  return words.flatMap((word, index) => {
    if (!connectionFlag.test(word)) return [];
    const value = takesValue.test(word) ? words[index + 1] : undefined;
    return [value === undefined ? word : `${word}=${value}`];
  });
}
