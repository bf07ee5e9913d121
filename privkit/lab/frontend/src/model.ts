import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import { IProject, projects, Refusal } from './api';

/** Milliseconds between two looks at the ledger, while the window is visible. */
const EVERY = 4000;

/** What the status item and the panel show: the projects of the current folder. */
export class BudgetModel {
  constructor() {
    this._poll = new Poll({
      auto: true,
      factory: () => this._read(),
      frequency: { interval: EVERY, backoff: true, max: 60_000 },
      name: 'privkit:budget',
      standby: 'when-hidden'
    });
  }

  /** The projects, in the order in which they were begun. */
  projects: IProject[] = [];

  /** Why the projects cannot be shown; empty if they can. */
  refusal = '';

  /** The folder, relative to the server's root. */
  get path(): string {
    return this._path;
  }
  set path(path: string) {
    if (path !== this._path) {
      this._path = path;
      this.refresh();
    }
  }

  /** Emitted when anything that is shown has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Look at the ledger now. */
  refresh(): void {
    void this._poll.refresh();
  }

  private async _read(): Promise<void> {
    const path = this._path;
    let found: IProject[] = [];
    let refusal = '';
    try {
      found = await projects(path);
    } catch (error) {
      refusal = error instanceof Refusal ? error.message : 'Unavailable.';
    }
    if (path !== this._path) {
      return;
    }
    const state = JSON.stringify([path, refusal, found]);
    if (state !== this._state) {
      this._state = state;
      this.projects = found;
      this.refusal = refusal;
      this._changed.emit();
    }
  }

  private _path = '';
  private _state = '';
  private _poll: Poll;
  private _changed = new Signal<this, void>(this);
}

/** How full a budget is: for the color, and for the words that say the same. */
export function level(project: IProject): 'within' | 'low' | 'spent' {
  const left = project.remaining.value / project.budget.value;
  return left <= 0 ? 'spent' : left < 0.2 ? 'low' : 'within';
}

/** A budget in a few characters, as the status bar shows it. */
export function short(project: IProject): string {
  const used = project.spent.value + project.reserved.value;
  const shown = Number(used.toPrecision(3));
  return `${project.symbol} ${shown} / ${project.budget.main}`;
}
