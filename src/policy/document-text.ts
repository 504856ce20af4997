/** Writes a document that the database keeps as YAML, as a person would write it. */
import { Document, isScalar } from 'yaml';
import { printable } from '../ground/text.ts';
import { quoteTexts } from '../ground/documents/yaml-quotes.ts';

/**
 * The document as YAML that a person may edit and give back, each line printable. PostgreSQL sorts the keys of jsonb by their
 * length; here they come in the order of `keys`, in which people write them. Other keys follow by their names.
 */
export function documentText(document: unknown, keys: readonly string[]): string {
  const nameOf = ({ key }: { key: unknown }): string => String(isScalar(key) ? key.value : key);
  const placeOf = (name: string): number => {
    const place = keys.indexOf(name);
    return place < 0 ? keys.length : place;
  };
  const yaml = new Document(document, {
    sortMapEntries: (one, other) => {
      const [a, b] = [nameOf(one), nameOf(other)];
      return placeOf(a) - placeOf(b) || (a < b ? -1 : 1);
    },
  });
  quoteTexts(yaml);
  return yaml.toString({ lineWidth: 0 }).trimEnd().split('\n').map(printable).join('\n');
}
