import { Poll } from '@lumino/polling';
import { ISignal, Signal } from '@lumino/signaling';

import { changes, IProject, projects, Refusal } from './api';

/** Milliseconds between two looks at the ledger that nothing gave cause for, while the window is visible. */
const EVERY = 30_000;
/** Milliseconds after which a request for changes that failed is made again: at first, and at most. */
const SOON = 1000;
const LATE = 60_000;

/** What the status item and the panel show: the projects of the current folder. */
export class BudgetModel {
  constructor() {
    this._poll = new Poll({
      auto: true,
      factory: () => this._read(),
      frequency: { interval: EVERY, backoff: true, max: LATE },
      name: 'privkit:budget',
      standby: 'when-hidden'
    });
    void this._follow();
  }

  /** The projects, in the order in which they were begun. */
  projects: IProject[] = [];

  /** Whether the server has answered for a folder yet. */
  known = false;

  /** Why the projects cannot be shown; empty if they can. */
  refusal = '';

  /** The folder, relative to the server's root. */
  get path(): string {
    return this._path;
  }
  set path(path: string) {
    if (path !== this._path) {
      this._path = path;
      this._waiting.abort();
      this.refresh();
    }
  }

  /** Emitted when anything that is shown has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The name of the notebook in front; empty where there is none. */
  get notebook(): string {
    return this._notebook;
  }
  set notebook(name: string) {
    if (name !== this._notebook) {
      this._notebook = name;
      this.refresh();
    }
  }

  /** The project in use: the one that the notebook in front spent from last, else the one with the least left. */
  get current(): IProject | undefined {
    const used = this.projects.filter(p => p.used).sort((a, b) => (a.used! < b.used! ? 1 : -1));
    const scarce = [...this.projects].reverse().sort((a, b) => LEVELS.indexOf(level(b)) - LEVELS.indexOf(level(a)));
    return used[0] ?? scarce[0];
  }

  /** When a ledger that was here was seen last; empty where there was none. */
  get vanished(): string {
    return this.projects.length || this.refusal ? '' : this._seen.get(this._path) ?? '';
  }

  /** Look at the ledger now. */
  refresh(): void {
    void this._poll.refresh();
  }

  private async _read(): Promise<void> {
    let path, notebook, refusal;
    let found: IProject[] = [];
    do {
      // A look that was asked for meanwhile is not made: it is made here.
      path = this._path;
      notebook = this._notebook;
      refusal = '';
      try {
        found = await projects(path, notebook);
      } catch (error) {
        found = [];
        refusal = error instanceof Refusal ? error.message : 'Unavailable.';
      }
    } while (path !== this._path || notebook !== this._notebook);
    this.known = true;
    if (found.length) {
      this._seen.set(path, new Date().toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' }));
    }
    const state = JSON.stringify([path, refusal, found]);
    if (state !== this._state) {
      this._state = state;
      this.projects = found;
      this.refusal = refusal;
      this._changed.emit();
    }
  }

  /** Wait for changes of the ledger, and read it after each: only while somebody may be looking. */
  private async _follow(): Promise<void> {
    let seen = '';
    let pause = SOON;
    for (;;) {
      await visible();
      const path = this._path;
      this._waiting = new AbortController();
      try {
        const version = await changes(path, seen, this._waiting.signal);
        if (path === this._path && version !== seen) {
          this.refresh();
        }
        seen = path === this._path ? version : '';
        pause = SOON;
      } catch {
        if (path === this._path) {
          await new Promise(done => setTimeout(done, pause));
          pause = Math.min(2 * pause, LATE);
        }
        seen = '';
      }
    }
  }

  private _path = '';
  private _notebook = '';
  private _seen = new Map<string, string>();
  private _waiting = new AbortController();
  private _state = '';
  private _poll: Poll;
  private _changed = new Signal<this, void>(this);
}

/** Resolve as soon as the window can be seen. */
function visible(): Promise<void> {
  return new Promise(done => {
    const look = () => {
      if (!document.hidden) {
        document.removeEventListener('visibilitychange', look);
        done();
      }
    };
    document.addEventListener('visibilitychange', look);
    look();
  });
}

const LEVELS = ['within', 'low', 'spent'];

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
