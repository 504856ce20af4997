/** Who changed a definition and from where, in words. */
import { printable } from '../../ground/text.ts';

interface Origin {
  source: string | null;
  place: string | null;
}

/** `bots edit`, `apply web bots.yaml`, `SQL in psql`; null where it is not known. */
export function originInWords({ source, place }: Origin): string | null {
  const where = place === null ? null : printable(place);
  switch (source) {
    case null:
      return null;
    case 'command':
      return where ?? 'a command';
    case 'sql':
      return where === null ? 'SQL' : `SQL in ${where}`;
    case 'application':
      return where ?? 'an application';
    case 'catalogue':
      return 'the catalogue';
    case 'engine':
      return where ?? 'the engine';
    default:
      return where === null ? source : `${source} ${where}`;
  }
}
