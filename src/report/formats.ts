/** The forms of a report: adding one is one file and one line. */
import { asHtml } from './html.ts';
import { asMarkdown } from './markdown.ts';
import type { Report } from './report.ts';
import { asText } from './text.ts';

export type ReportFormat = 'text' | 'md' | 'json' | 'html';

export const forms: Record<Exclude<ReportFormat, 'json'>, (report: Report) => string> = {
  text: asText,
  md: asMarkdown,
  html: asHtml,
};
