import type { Catalogue } from '../../catalogue/catalogue.ts';
import { currentTime } from '../../data/bots/engine.ts';
import type { Db } from '../../database/connect.ts';
import { takeEffect } from '../../heal/effect.ts';
import { takeBack } from '../../heal/undo.ts';
import { performCheck } from './perform-check.ts';
import type { CarryOut, Kind, Tasks } from './task.ts';

export interface Means {
  catalogue: Catalogue;
  /** what remedies write with */
  db: Db;
  /** what checks get: its sessions refuse to write */
  reader: Db;
}

type Ways = {
  [K in Kind]: (
    means: Means,
    task: Tasks[K]['task'],
    signal: AbortSignal,
  ) => Promise<Tasks[K]['result']>;
};

const ways: Ways = {
  check: performCheck,
  effect: takeEffect,
  undo: takeBack,
  canary: ({ reader }) => currentTime(reader),
};

/** The tasks that a child does, by their kind. */
export const carryOutWith =
  (means: Means): CarryOut =>
  (kind, task, signal) =>
    ways[kind](means, task, signal);
