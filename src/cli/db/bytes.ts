const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** `1.2 MB`: thousands, as disks are sold. */
export function bytesInWords(bytes: number): string {
  const step = bytes < 1_000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${step === 0 ? bytes : (bytes / 1_000 ** step).toFixed(1)} ${units[step]}`;
}
