import { Widget } from '@lumino/widgets';

import { BudgetModel, level, short } from './model';

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
    const { projects, refusal } = this._model;
    const last = projects[projects.length - 1];
    const more = projects.length > 1 ? ` +${projects.length - 1}` : '';
    this._button.textContent = refusal ? 'ε ?' : last ? short(last) + more : '';
    const told = refusal
      ? `unavailable. ${refusal}`
      : projects
          .map(p => `${p.name}: ${p.spent.text} spent of ${p.budget.text}${WORDS[level(p)]}`)
          .join('; ');
    this._button.title = `Privacy budget: ${told}`;
    this._button.setAttribute('aria-label', this._button.title);
    this._button.dataset.level = last ? level(last) : 'within';
  }

  private _model: BudgetModel;
  private _button = document.createElement('button');
}
