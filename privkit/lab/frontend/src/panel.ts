import { Widget } from '@lumino/widgets';

import { entries, IEntry, IPerson, IProject, Refusal } from './api';
import { copier, tag } from './dom';
import { BudgetModel, level } from './model';

const LEVELS = { within: '', low: '▾ Little is left.', spent: '■ All is spent.' };
const HINT =
  'A project begins with pk.open_project(...) in a notebook here. One with a store= elsewhere is shown by its project.panel() alone.';
/** Milliseconds after the last key until a search is made. */
const TYPED = 250;
/** Entries of one page, and of one answer of the server at most. */
const PAGE = 50;
const MOST = 200;

/** The side panel: the folder's projects with their bars, and the entries of each, with a search field. */
export class BudgetPanel extends Widget {
  constructor(model: BudgetModel, open: (notebook: string) => void, exported: () => void) {
    super();
    this._model = model;
    this._open = open;
    this.addClass('jp-privkit-panel');
    this._search.addEventListener('input', () => {
      window.clearTimeout(this._typed);
      this._typed = window.setTimeout(() => void this._show(), TYPED);
    });
    // JupyterLab's shortcuts stay out of the field.
    this._search.dataset.lmSuppressShortcuts = 'true';
    this._export.addEventListener('click', exported);
    this.node.append(
      tag('h2', {}, 'Privacy budget'),
      this._search,
      this._export,
      this._live,
      this._body
    );
    model.changed.connect(() => void this._show());
    void this._show();
  }

  private async _show(): Promise<void> {
    const { projects, refusal, path, known, vanished } = this._model;
    const turn = ++this._turn;
    // What was sought before is no longer waited for: the server ends a search that nobody waits for.
    this._sought.abort();
    this._sought = new AbortController();
    this._search.hidden = this._export.hidden = projects.length === 0;
    if (refusal || projects.length === 0) {
      const here = path ? `“${path}”` : 'this folder';
      const none = known ? `No ledger in ${here}.` : 'Looking for a ledger …';
      const gone = vanished && `The ledger that was in ${here} until ${vanished} is gone, and with it the record of all that was spent.`;
      const told = refusal || gone || none;
      const hint = refusal || gone || !known ? '' : HINT;
      this._body.replaceChildren(tag('p', { class: 'jp-privkit-calm' }, told, ' ', hint));
      this._cards.clear();
      this._live.textContent = refusal;
      return;
    }
    const sought = this._search.value.trim();
    const cards = await Promise.all(projects.map(project => this._card(path, project, sought)));
    if (turn !== this._turn) {
      return;
    }
    // What did not change stays as it is, with all that was opened in it; what did keeps the focus where it was.
    const focused = this._body.contains(document.activeElement)
      ? (document.activeElement as HTMLElement).dataset.key
      : undefined;
    this._cards = new Map(cards.map(card => [card.name, card]));
    this._body.replaceChildren(...cards.map(card => card.node));
    if (focused) {
      this._body.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    }
    const count = this._body.querySelectorAll('li[value]').length;
    const found = sought ? `${count} ${count === 1 ? 'entry' : 'entries'} found. ` : '';
    this._live.textContent = found + projects.map(p => `${p.name}: ${p.remaining.text} left`).join('; ');
  }

  /** Return a project's card: the one that is shown, if nothing in it has changed. */
  private async _card(path: string, project: IProject, sought: string): Promise<ICard> {
    const state = JSON.stringify([path, project, sought]);
    const shown = this._cards.get(project.name);
    if (shown?.state === state) {
      return shown;
    }
    const list = tag('ol', { class: 'jp-privkit-entries', 'aria-label': `Entries of ${project.name}` });
    const persons = tag('div');
    const node = tag(
      'section',
      { class: 'jp-privkit-project', 'aria-label': `Project ${project.name}` },
      tag('h3', {}, project.name),
      ...bars(project),
      tag('p', { class: 'jp-privkit-small' }, `Protects ${project.unit}. ${count(project.entries)} in all. ${LEVELS[level(project)]}`),
      persons,
      this._fold([project.name, 'entries'], 'Entries', list)
    );
    const before = shown?.node.querySelectorAll('li[value]').length ?? 0;
    await this._page({ path, project, sought, list, persons }, Math.min(Math.max(PAGE, before), MOST));
    return { name: project.name, state, node };
  }

  /** Return a part that folds, and stays as somebody left it. */
  private _fold(place: string[], name: string, ...parts: HTMLElement[]): HTMLElement {
    const key = JSON.stringify(place);
    const fold = tag('details', { class: 'jp-privkit-fold' }, tag('summary', { 'data-key': key }, name), ...parts) as HTMLDetailsElement;
    fold.open = !this._folded.has(key);
    fold.addEventListener('toggle', () => void (fold.open ? this._folded.delete(key) : this._folded.add(key)));
    return fold;
  }

  private async _page(part: IPart, limit: number, before?: number): Promise<void> {
    const { path, project, sought, list } = part;
    const { signal } = this._sought;
    let left = limit;
    let next = before ?? null;
    try {
      // A search through a long ledger comes in several answers: each is soon here, and says how far it saw.
      do {
        const range = { before: next ?? undefined, limit: left, search: sought };
        const page = await entries(path, project.name, range, signal);
        if (page.persons.length > 1) {
          part.persons.replaceChildren(this._fold([project.name, 'persons'], 'By person', charged(page.persons)));
        }
        list.append(...page.entries.map(entry => this._line(project, entry)));
        left -= page.entries.length;
        next = page.next;
      } while (next !== null && left > 0 && !signal.aborted);
      if (next !== null) {
        list.append(this._rest(part, next));
      } else if (sought && !list.childElementCount) {
        list.append(tag('li', { class: 'jp-privkit-rest jp-privkit-calm' }, 'No entry has these words.'));
      }
    } catch (error) {
      if (signal.aborted && next !== null) {
        list.append(this._rest(part, next));
        return;
      }
      const told = error instanceof Refusal ? error.message : 'The entries cannot be read.';
      list.append(tag('li', { class: 'jp-privkit-calm' }, told));
    }
  }

  /** Return the button that shows the page after this one, and hands the focus to its first entry. */
  private _rest(part: IPart, next: number): HTMLElement {
    const told = part.sought ? 'More that were found' : `${next - 1} earlier`;
    const more = tag('button', { type: 'button', class: 'jp-privkit-more' }, told);
    const item = tag('li', { class: 'jp-privkit-rest' }, more);
    more.addEventListener('click', async () => {
      item.remove();
      const count = part.list.childElementCount;
      await this._page(part, PAGE, next);
      const first = part.list.children[count];
      first?.setAttribute('tabindex', '-1');
      (first as HTMLElement | undefined)?.focus({ preventScroll: true });
    });
    return item;
  }

  private _line(project: IProject, entry: IEntry): HTMLElement {
    const state = entry.state === 'committed' ? '' : ` · ${entry.state}`;
    const line = tag(
      'li',
      { value: String(entry.entry) },
      tag('span', { class: 'jp-privkit-cost' }, entry.cost.text),
      tag('span', { class: 'jp-privkit-what' }, entry.what),
      tag('span', { class: 'jp-privkit-small' }, moment(entry.time), ` · ${entry.analyst}${state}`)
    );
    line.append(details(project, entry));
    if (entry.notebook) {
      const link = tag(
        'button',
        {
          type: 'button',
          class: 'jp-privkit-link',
          'aria-label': `Open ${entry.notebook}, which spent entry ${entry.entry}`,
          'data-key': JSON.stringify([project.name, entry.entry])
        },
        entry.notebook
      );
      link.addEventListener('click', () => this._open(entry.notebook as string));
      line.append(link);
    }
    return line;
  }

  private _model: BudgetModel;
  private _open: (notebook: string) => void;
  private _turn = 0;
  private _typed = 0;
  private _sought = new AbortController();
  private _folded = new Set<string>();
  private _cards = new Map<string, ICard>();
  private _body = tag('div', { class: 'jp-privkit-body' });
  private _live = tag('div', { class: 'jp-privkit-unseen', 'aria-live': 'polite' });
  private _export = tag('button', { type: 'button', class: 'jp-privkit-link' }, 'Export as CSV') as HTMLButtonElement;
  private _search = tag('input', {
    type: 'search',
    placeholder: 'Search entries',
    'aria-label': 'Search entries'
  }) as HTMLInputElement;
}

/** Return what an entry opens to: its question, what it cost and how exact it is, who and when, and its code. */
function details(project: IProject, entry: IEntry): HTMLElement {
  const facts: [string, string][] = [
    ['Asked', entry.what],
    ['Cost', entry.cost.delta === '0' ? entry.cost.text : `${project.symbol} = ${entry.cost.main}, δ = ${entry.cost.delta}`],
    ['Error', entry.within && `${entry.within} (95 %)`],
    ['When', zoned(entry.time)],
    ['Who', entry.analyst]
  ];
  const list = tag('dl', {});
  for (const [name, value] of facts) {
    if (value) {
      list.append(tag('dt', {}, name), tag('dd', {}, value));
    }
  }
  const key = JSON.stringify([project.name, entry.entry, 'open']);
  const summary = tag('summary', { 'data-key': key, 'aria-label': `Details of entry ${entry.entry}` }, 'Details');
  const opened = tag('details', { class: 'jp-privkit-details' }, summary, list);
  if (entry.code) {
    opened.append(
      tag('p', {}, 'To ask it again, at no cost while the data are the same:'),
      tag('pre', { tabindex: '0' }, entry.code),
      copier(() => entry.code)
    );
  } else if (entry.state === 'committed') {
    opened.append(tag('p', {}, 'Run the cell that asked it to see the answer again, at no cost while the data are the same.'));
  }
  return opened;
}

/** Return what each person was charged. */
function charged(persons: IPerson[]): HTMLElement {
  const list = tag('dl', { class: 'jp-privkit-persons' });
  for (const { analyst, charged } of persons) {
    list.append(tag('dt', {}, analyst), tag('dd', {}, charged.text));
  }
  return list;
}

/** A time to the minute, where the person is; the second and the zone when it is pointed at. */
function moment(time: string): HTMLElement {
  return tag('time', { datetime: time, title: zoned(time) }, local(time).slice(0, 16));
}

/** A time to the second where the person is, with the zone by its offset and by its name. */
function zoned(time: string): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const parts = new Intl.DateTimeFormat('en', { timeZoneName: 'longOffset' }).formatToParts(new Date(time));
  const offset = parts.find(part => part.type === 'timeZoneName')?.value.replace('GMT', 'UTC');
  return `${local(time)} ${offset === timeZone ? offset : `${offset} (${timeZone})`}`;
}

/** A time as the clock of the person's zone tells it. */
function local(time: string): string {
  const at = new Date(time);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace('T', ' ');
}

function count(entries: number): string {
  return `${entries.toLocaleString('en')} ${entries === 1 ? 'entry' : 'entries'}`;
}

/** A project as it is shown. */
interface ICard {
  name: string;
  state: string;
  node: HTMLElement;
}

/** Whose entries are shown where, and which. */
interface IPart {
  path: string;
  project: IProject;
  sought: string;
  list: HTMLElement;
  persons: HTMLElement;
}

/** The budget as bars, one for each symbol, with its words below: spent, reserved, and what is left. */
function bars(project: IProject): HTMLElement[] {
  const { budget, spent, reserved, remaining } = project;
  const shown = [
    bar(project, project.symbol, [budget.value, spent.value, reserved.value], [budget.main, spent.main, reserved.main, remaining.main])
  ];
  if (budget.delta_value > 0) {
    shown.push(
      bar(project, 'δ', [budget.delta_value, spent.delta_value, reserved.delta_value], [budget.delta, spent.delta, reserved.delta, remaining.delta])
    );
  }
  return shown.flat();
}

function bar(project: IProject, symbol: string, sizes: number[], words: string[]): HTMLElement[] {
  const [whole, spent, reserved] = sizes;
  const share = (value: number) => Math.min(Math.max((100 * value) / (whole || 1), 0), 100);
  const held = reserved > 0 ? `, ${words[2]} reserved` : '';
  const told = `${words[1]} spent${held}, ${words[3]} left of ${symbol} = ${words[0]}`;
  const meter = tag('div', {
    class: 'jp-privkit-bar',
    role: 'meter',
    'aria-label': symbol === 'δ' ? `Budget of ${project.name} in δ` : `Budget of ${project.name}`,
    'aria-valuemin': '0',
    'aria-valuemax': '100',
    'aria-valuenow': share(spent + reserved).toFixed(1),
    'aria-valuetext': told,
    'data-level': level(project)
  });
  for (const [kind, value] of [['spent', spent], ['reserved', reserved]] as const) {
    const part = tag('div', { class: `jp-privkit-${kind}` });
    part.style.width = `${share(value)}%`;
    meter.append(part);
  }
  return [meter, tag('p', {}, told)];
}
