import { NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMime } from '@jupyterlab/rendermime';
import { Panel, Widget } from '@lumino/widgets';

import { tag } from './dom';

/** Where ipywidgets stores which widget an output shows. */
const VIEW = 'application/vnd.jupyter.widget-view+json';
const HTML = 'text/html';
/** What privkit stores beside it. */
const STILL = 'privkit-still';
/** ipywidgets' own rank. */
const RANK = -10;

/**
 * Let a notebook show the picture that privkit stored beside each panel, wherever the panel itself has no kernel.
 *
 * ipywidgets would say "model not found" in its place: in every notebook that is opened again.
 */
export function keepPictures(notebook: NotebookPanel): void {
  const shown = new Set<StoredPanel>();
  const registry = notebook.content.rendermime;
  // ipywidgets sets its renderer anew whenever the notebook gets a kernel: ours goes around whichever it is.
  const add = registry.addFactory.bind(registry);
  const wrapped = (inner: IRenderMime.IRendererFactory): IRenderMime.IRendererFactory => {
    shown.forEach(panel => panel.renew(inner));
    return {
      safe: inner.safe,
      mimeTypes: inner.mimeTypes,
      createRenderer: options => {
        const panel = new StoredPanel(inner, options, () => registry.createRenderer(HTML));
        shown.add(panel);
        panel.disposed.connect(() => shown.delete(panel));
        return panel;
      }
    };
  };
  registry.addFactory = (factory, rank) => add(factory.mimeTypes.includes(VIEW) ? wrapped(factory) : factory, rank);
  const present = registry.getFactory(VIEW);
  if (present) {
    registry.addFactory(present, RANK);
  }
  // A kernel that is gone takes its widgets with it: what they showed last stays.
  const ended = () => shown.forEach(panel => panel.end());
  notebook.sessionContext.statusChanged.connect((_, status) => {
    if (['restarting', 'autorestarting', 'dead', 'terminating'].includes(status)) {
      ended();
    }
  });
  notebook.sessionContext.kernelChanged.connect((_, change) => {
    if (change.oldValue) {
      ended();
    }
  });
}

/** An output of ipywidgets, and the picture that stands in for it while it shows no panel. */
class StoredPanel extends Panel implements IRenderMime.IRenderer {
  private _watch = new MutationObserver(() => this._settle());

  constructor(
    inner: IRenderMime.IRendererFactory,
    private _options: IRenderMime.IRendererOptions,
    private _still: () => IRenderMime.IRenderer
  ) {
    super();
    this._inner = this._made(inner);
  }

  /** Try once more with another renderer of ipywidgets, which may know the widget; one that is shown stays. */
  renew(inner: IRenderMime.IRendererFactory): void {
    if (!this._alive) {
      this._watch.disconnect();
      this._inner.dispose();
      this._inner = this._made(inner);
      if (this._first) {
        void this._inner.renderModel(this._first).then(() => this._settle());
      }
      this._settle();
    }
  }

  private _made(inner: IRenderMime.IRendererFactory): IRenderMime.IRenderer {
    const made = inner.createRenderer(this._options);
    this.insertWidget(0, made);
    this._watch.observe(made.node, { childList: true, subtree: true });
    return made;
  }

  private get _alive(): boolean {
    return !this._ended && this._inner.node.querySelector('.privkit-panel') !== null;
  }

  /** Show the widget of an output, and its picture until it is there. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const { model_id: id } = (model.data[VIEW] ?? {}) as { model_id?: string };
    const html = model.data[HTML];
    this._first = model;
    this._model = typeof html === 'string' && html.includes(STILL) ? model : undefined;
    // A new picture of the same widget: it stays as it is, with the focus in it.
    if (id !== this._id || !this._model) {
      this._id = id;
      this._ended = false;
      this._settle();
      await this._inner.renderModel(model);
    } else if (this._picture) {
      await this._picture.renderModel(model);
    }
    this._settle();
  }

  /** Show the last picture from now on. */
  end(): void {
    this._ended = true;
    this._settle();
  }

  dispose(): void {
    this._watch.disconnect();
    super.dispose();
  }

  private _settle(): void {
    if (this.isDisposed) {
      return;
    }
    // Somebody else's widget is theirs alone.
    const alive = this._alive || !this._model;
    this._inner.setHidden(!alive);
    if (!alive && !this._picture) {
      this._picture = this._still();
      void this._picture.renderModel(this._model!);
      this.addWidget(this._picture);
    }
    if (!alive && this._ended && !this._word) {
      this._word = new Widget({ node: tag('p', { class: 'jp-privkit-ended', role: 'status' }, ENDED) });
      this.addWidget(this._word);
    }
    if (alive) {
      this._picture?.dispose();
      this._word?.dispose();
      this._picture = this._word = undefined;
    }
  }

  private _inner: IRenderMime.IRenderer;
  private _first: IRenderMime.IMimeModel | undefined;
  private _id: string | undefined;
  private _model: IRenderMime.IMimeModel | undefined;
  private _picture: IRenderMime.IRenderer | undefined;
  private _word: Widget | undefined;
  private _ended = false;
}

const ENDED = 'The kernel of this panel has ended.';
