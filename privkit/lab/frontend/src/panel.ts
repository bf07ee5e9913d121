import { Widget } from '@lumino/widgets';

import { entries, IEntry, IProject, Refusal } from './api';
import { tag } from './dom';
import { BudgetModel, level } from './model';

const LEVELS = { within: '', low: 'little is left', spent: 'all spent' };

/** The side panel: the folder's projects with their bars, and the entries of each, with a search field. */
export class BudgetPanel extends Widget {
  constructor(model: BudgetModel, open: (notebook: string) => void) {
    super();
    this._model = model;
    this._open = open;
    this.addClass('jp-privkit-panel');
    this._search.addEventListener('input', () => this._filter());
    // JupyterLab's shortcuts stay out of the field.
    this._search.dataset.lmSuppressShortcuts = 'true';
    this.node.append(
      tag('h2', {}, 'Privacy budget'),
      this._search,
      this._live,
      this._body
    );
    model.changed.connect(() => void this._show());
    void this._show();
  }

  private async _show(): Promise<void> {
    const { projects, refusal, path } = this._model;
    const turn = ++this._turn;
    this._search.hidden = projects.length === 0;
    if (refusal || projects.length === 0) {
      const told = refusal || `No ledger in ${path ? `“${path}”` : 'this folder'}.`;
      const hint = refusal ? '' : 'A project begins with pk.open_project(...) in a notebook here.';
      this._body.replaceChildren(tag('p', { class: 'jp-privkit-calm' }, told, ' ', hint));
      this._live.textContent = refusal;
      return;
    }
    const cards = await Promise.all(projects.map(project => this._card(project)));
    if (turn === this._turn) {
      this._body.replaceChildren(...cards);
      this._live.textContent = projects.map(p => `${p.name}: ${p.remaining.text} left`).join('; ');
      this._filter();
    }
  }

  private async _card(project: IProject): Promise<HTMLElement> {
    const list = tag('ol', { class: 'jp-privkit-entries', 'aria-label': `Entries of ${project.name}` });
    const card = tag(
      'section',
      { class: 'jp-privkit-project', 'aria-label': `Project ${project.name}` },
      tag('h3', {}, project.name),
      bar(project),
      tag('p', {}, `${project.spent.text} spent, ${project.remaining.text} left of ${project.budget.text}`),
      tag('p', { class: 'jp-privkit-small' }, `Protects ${project.unit}. ${LEVELS[level(project)]}`),
      list
    );
    await this._page(project, list);
    return card;
  }

  private async _page(project: IProject, list: HTMLElement, before?: number): Promise<void> {
    try {
      const page = await entries(this._model.path, project.name, before);
      list.append(...page.entries.map(entry => this._line(entry)));
      const last = page.entries[page.entries.length - 1];
      if (last && last.entry > 1) {
        const more = tag('button', { type: 'button', class: 'jp-privkit-more' }, `${last.entry - 1} earlier`);
        more.addEventListener('click', () => {
          more.parentElement?.remove();
          void this._page(project, list, last.entry).then(() => this._filter());
        });
        list.append(tag('li', { class: 'jp-privkit-rest' }, more));
      }
    } catch (error) {
      const told = error instanceof Refusal ? error.message : 'The entries cannot be read.';
      list.append(tag('li', { class: 'jp-privkit-calm' }, told));
    }
  }

  private _line(entry: IEntry): HTMLElement {
    const by = entry.by.length ? ` by ${entry.by.join(', ')}` : '';
    const state = entry.state === 'committed' ? '' : ` · ${entry.state}`;
    const line = tag(
      'li',
      { value: String(entry.entry) },
      tag('span', { class: 'jp-privkit-what' }, `${entry.statistic ?? 'release'}${by}`),
      tag('span', { class: 'jp-privkit-cost' }, entry.cost.text),
      tag('span', { class: 'jp-privkit-small' }, `${entry.time.replace('T', ' ').replace('Z', ' UTC')} · ${entry.analyst}${state}`)
    );
    if (entry.notebook) {
      const link = tag('button', { type: 'button', class: 'jp-privkit-link' }, entry.notebook);
      link.addEventListener('click', () => this._open(entry.notebook as string));
      line.append(link);
    }
    return line;
  }

  private _filter(): void {
    const sought = this._search.value.trim().toLowerCase();
    for (const line of this._body.querySelectorAll<HTMLElement>('.jp-privkit-entries > li[value]')) {
      line.hidden = !(line.textContent ?? '').toLowerCase().includes(sought);
    }
  }

  private _model: BudgetModel;
  private _open: (notebook: string) => void;
  private _turn = 0;
  private _body = tag('div', { class: 'jp-privkit-body' });
  private _live = tag('div', { class: 'jp-privkit-unseen', 'aria-live': 'polite' });
  private _search = tag('input', {
    type: 'search',
    placeholder: 'Search entries',
    'aria-label': 'Search entries'
  }) as HTMLInputElement;
}

/** The budget as a bar: spent, reserved, and what is left. */
function bar(project: IProject): HTMLElement {
  const whole = project.budget.value || 1;
  const share = (value: number) => Math.min(Math.max((100 * value) / whole, 0), 100);
  const used = project.spent.value + project.reserved.value;
  const meter = tag('div', {
    class: 'jp-privkit-bar',
    role: 'meter',
    'aria-label': `Budget of ${project.name}`,
    'aria-valuemin': '0',
    'aria-valuemax': '100',
    'aria-valuenow': share(used).toFixed(1),
    'aria-valuetext': `${project.spent.text} spent of ${project.budget.text}`,
    'data-level': level(project)
  });
  for (const [kind, value] of [['spent', project.spent.value], ['reserved', project.reserved.value]] as const) {
    const part = tag('div', { class: `jp-privkit-${kind}` });
    part.style.width = `${share(value)}%`;
    meter.append(part);
  }
  return meter;
}
