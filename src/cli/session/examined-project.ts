import { projectFile } from '../../ground/files/project-file.ts';
import { placeInWords } from '../../project/place.ts';
import { loadWholeCatalogue } from './catalogue.ts';

/** The project of this process, for `doctor`; null without one. Throws BadProjectError. */
export async function examinedProject() {
  if (projectFile() === null) return null;
  const { catalogue, project } = await loadWholeCatalogue();
  if (!project) return null;
  return {
    file: project.file,
    bots: catalogue.bots,
    refused: catalogue.refused.map((code) => ({
      place: placeInWords(code, project.root),
      why: code.why,
      hint: code.hint,
    })),
  };
}
