import { ILabShell, JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, showErrorMessage } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { INotebookTracker, Notebook, NotebookPanel } from '@jupyterlab/notebook';
import { IStatusBar } from '@jupyterlab/statusbar';
import { LabIcon } from '@jupyterlab/ui-components';

import { entries } from './api';
import { followPanels } from './live';
import { BudgetModel } from './model';
import { BudgetPanel } from './panel';
import { keepPictures } from './stored';
import { BudgetStatus } from './status';

const OPEN = 'privkit:open';
const REFRESH = 'privkit:refresh';
const EXPORT = 'privkit:export';

const icon = new LabIcon({
  name: 'privkit:budget',
  svgstr:
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="16"><path class="jp-icon3" fill="#616161" ' +
    'd="M12 2 4 5v6c0 5 3.4 9.7 8 11 4.6-1.3 8-6 8-11V5zm0 2.2 6 2.2V11c0 4-2.5 7.7-6 8.9zM6 12h6v7.9C8.9 18.8 6.6 15.7 6.1 12z"/></svg>'
});

const plugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-privkit:budget',
  description: 'Shows the privacy budgets of the current folder in the status bar and in a side panel.',
  autoStart: true,
  optional: [ILabShell, IStatusBar, ICommandPalette, INotebookTracker, IDefaultFileBrowser, IDocumentManager],
  activate
};

function activate(
  app: JupyterFrontEnd,
  labShell: ILabShell | null,
  statusBar: IStatusBar | null,
  palette: ICommandPalette | null,
  notebooks: INotebookTracker | null,
  browser: IDefaultFileBrowser | null,
  documents: IDocumentManager | null
): void {
  const writer = (near: Element) => {
    const notebook = notebooks?.find(panel => panel.content.node.contains(near))?.content;
    return notebook && ((code: string) => below(notebook, near, code));
  };
  followPanels(writer, event => app.commands.processKeydownEvent(event));
  notebooks?.forEach(keepPictures);
  notebooks?.widgetAdded.connect((_, panel) => keepPictures(panel));
  const model = new BudgetModel();
  followFolder(model, notebooks, browser);

  const panel = new BudgetPanel(
    model,
    notebook => void documents?.openOrReveal(PathExt.join(model.path, PathExt.basename(notebook))),
    () => void app.commands.execute(EXPORT)
  );
  panel.id = 'jupyter-privkit-panel';
  panel.title.icon = icon;
  panel.title.caption = 'Privacy budget';
  app.shell.add(panel, 'right', { rank: 900 });

  app.commands.addCommand(OPEN, {
    label: 'Open the Privacy Budget',
    execute: () => app.shell.activateById(panel.id)
  });
  app.commands.addCommand(REFRESH, {
    label: 'Refresh the Privacy Budget',
    execute: () => model.refresh()
  });
  app.commands.addCommand(EXPORT, {
    label: 'Export the Privacy Budget Report (CSV)',
    isEnabled: () => model.projects.length > 0,
    execute: () =>
      exported(model).catch(reason => showErrorMessage('The report was not exported', reason instanceof Error ? reason.message : ''))
  });
  for (const command of [OPEN, REFRESH, EXPORT]) {
    palette?.addItem({ command, category: 'Privacy' });
  }

  const item = new BudgetStatus(model, () => void app.commands.execute(OPEN));
  statusBar?.registerStatusItem('jupyter-privkit:status', {
    item,
    align: 'left',
    rank: 90,
    isActive: () => item.shown,
    activeStateChanged: model.changed as any
  });
}

/** Write code into a new cell below the one that an element is in, and go there: to be read before it is run. */
function below(notebook: Notebook, near: Element, code: string): void {
  const place = notebook.widgets.findIndex(cell => cell.node.contains(near)) + 1;
  notebook.model?.sharedModel.insertCell(place, { cell_type: 'code', source: code });
  notebook.deselectAll();
  notebook.activeCellIndex = place;
  notebook.mode = 'edit';
  void notebook.scrollToItem(place);
}

/** Keep the model on the folder of the current notebook, else of the file browser, and look again after each run. */
function followFolder(
  model: BudgetModel,
  notebooks: INotebookTracker | null,
  browser: IDefaultFileBrowser | null
): void {
  const follow = () => {
    const notebook = notebooks?.currentWidget?.context.path;
    model.notebook = notebook === undefined ? '' : PathExt.basename(notebook);
    model.path = notebook !== undefined ? PathExt.dirname(notebook) : browser?.model.path ?? '';
  };
  notebooks?.currentChanged.connect(follow);
  browser?.model.pathChanged.connect(follow);
  notebooks?.widgetAdded.connect((_: INotebookTracker, panel: NotebookPanel) => {
    // Idle again: a cell, or a click on a widget, may have spent.
    panel.sessionContext.statusChanged.connect((_, status) => {
      if (status === 'idle') {
        model.refresh();
      }
    });
  });
  follow();
}

/** Save the entries of all projects that are shown as a CSV file. */
async function exported(model: BudgetModel): Promise<void> {
  const { path, projects } = model;
  const lines = [['project', 'entry', 'time', 'state', 'question', 'measure', 'cost', 'delta', 'analyst', 'notebook']];
  for (const project of projects) {
    let before: number | undefined;
    do {
      const page = await entries(path, project.name, { before, limit: 200 });
      lines.push(
        ...page.entries.map(e => [
          project.name, String(e.entry), e.time, e.state, e.what, project.measure, e.cost.main, e.cost.delta, e.analyst, e.notebook ?? ''
        ])
      );
      before = page.next ?? undefined;
    } while (before !== undefined);
  }
  const blob = new Blob([lines.map(line => line.map(cell).join(',')).join('\r\n')], { type: 'text/csv' });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = 'privacy-budget.csv';
  link.click();
  URL.revokeObjectURL(link.href);
}

/** Quote a cell, and keep spreadsheets from reading it as a formula. */
function cell(text: string): string {
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${plain.replace(/"/g, '""')}"`;
}

export default plugin;
