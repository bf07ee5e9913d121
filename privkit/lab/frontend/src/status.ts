import { Widget } from '@lumino/widgets';

import { BudgetModel, level, short } from './model';

/** Letters of a project's name at most. */
const NAME = 24;
const SIGNS = { within: '', low: ' ▾', spent: ' ■' };
const WORDS = { within: '', low: ' (little is left)', spent: ' (all spent)' };

/** The budgets of the current folder, in the status bar; a click opens the panel. */
export class BudgetStatus extends Widget {
  constructor(model: BudgetModel, open: () => void) {
    super();
    this._model = model;
    this.addClass('jp-privkit-status');
    this._button.type = 'button';
    this._button.addEventListener('click', open);
    this.node.appendChild(this._button);
    model.changed.connect(this._show, this);
    this._show();
  }

  /** Whether there is anything to show. */
  get shown(): boolean {
    return this._model.projects.length > 0 || this._model.refusal !== '';
  }

  private _show(): void {
    const { projects, refusal, current } = this._model;
    const name = current && (current.name.length > NAME ? `${current.name.slice(0, NAME - 1)}…` : current.name);
    this._button.textContent = refusal ? 'ε ?' : current ? `${name}: ${short(current)}${SIGNS[level(current)]}` : '';
    const told = refusal
      ? `unavailable. ${refusal}`
      : projects
          .map(p => `${p.name}: ${p.spent.text} spent of ${p.budget.text}${WORDS[level(p)]}`)
          .join('; ');
    this._button.title = `Privacy budget: ${told}`;
    this._button.setAttribute('aria-label', this._button.title);
    this._button.dataset.level = current ? level(current) : 'within';
  }

  private _model: BudgetModel;
  private _button = document.createElement('button');
}
