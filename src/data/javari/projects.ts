import type { Selectable } from 'kysely';
import { NotFoundError } from '../../ground/errors.ts';
import { explainingAccess } from '../../database/faults/access-denied.ts';
import { object, text, uuid } from '../../database/faults/bad-input.ts';
import type { Db } from '../../database/connect.ts';
import { ConstraintError, explaining } from '../../database/faults/constraint-errors.ts';
import type { JavariProjects } from '../../database/tables.ts';

export type Project = Selectable<JavariProjects>;

/** The parent belongs to another user. */
export class ForeignParentError extends ConstraintError {}
/** The new parent is the project itself, or lies below it. */
export class ProjectCycleError extends ConstraintError {}
/** This user has no such project. */
export class UnknownProjectError extends NotFoundError {}

const named = {
  javari_projects_same_user: ForeignParentError,
  javari_projects_no_cycle: ProjectCycleError,
};

/**
 * Adds a project; `name` has 200 characters at most, `description` 10,000. Throws BadInputError, {@link ForeignParentError},
 * ConstraintError for a user or parent that does not exist, AccessDeniedError for another user's id under row level security.
 */
export async function addProject(
  db: Db,
  given: {
    user_id: string;
    name: string;
    description?: string | undefined;
    parent_project_id?: string | null | undefined;
  },
): Promise<Project> {
  const { description, parent_project_id: parent } = object('given', given);
  const row = {
    user_id: uuid('user_id', given.user_id),
    name: text('name', given.name, 200),
    description: description === undefined ? null : text('description', description, 10_000),
    parent_project_id: parent == null ? null : uuid('parent_project_id', parent),
  };
  return explainingAccess(
    'the project was not added',
    'user_id',
    () => db.insertInto('javari_projects').values(row).returningAll().executeTakeFirstOrThrow(),
    named,
  );
}

/**
 * Moves a user's project below another project of the same user, or to the top (null). Throws BadInputError, {@link
 * UnknownProjectError}, {@link ForeignParentError}, {@link ProjectCycleError}, ConstraintError for a parent that does
 * not exist; retryable when two moves met.
 */
export async function moveProject(
  db: Db,
  given: { id: string; user_id: string; parent_project_id: string | null },
): Promise<Project> {
  const [id, user] = [uuid('id', object('given', given).id), uuid('user_id', given.user_id)];
  const parent =
    given.parent_project_id === null ? null : uuid('parent_project_id', given.parent_project_id);
  const moved = await explaining('the project was not moved', named, () =>
    db
      .updateTable('javari_projects')
      .set({ parent_project_id: parent })
      .where('id', '=', id)
      .where('user_id', '=', user)
      .returningAll()
      .executeTakeFirst(),
  );
  if (!moved)
    throw new UnknownProjectError({
      what: 'the project was not moved',
      why: 'id is not a project of user_id',
      hint: "take the id of one of the user's own projects",
    });
  return moved;
}
