import { copier, tag } from './dom';

/** The panels that privkit draws with ipywidgets, in notebooks. */
const PANEL = '.privkit-panel';
const SUPPRESS = 'data-lm-suppress-shortcuts';
/** What Ctrl does with these keys, and those of several letters, as arrows, stays the field's own. */
const EDITING = 'acvxyz';

/** Writes code into a new cell below the one that an element is in; undefined where it is in no notebook. */
export type Writer = (near: Element) => ((code: string) => void) | undefined;

/**
 * Give live panels what ipywidgets leaves out: a name for each slider, its value in words, and keys of their own.
 * `shortcut` does what a key is a shortcut for, if it is one.
 *
 * Without it, as in VS Code, they work too: prices, k and thresholds have a labeled number field beside the slider.
 */
export function followPanels(writer: Writer, shortcut: (event: KeyboardEvent) => void): void {
  let asked = 0;
  const look = () => {
    asked = 0;
    document.querySelectorAll<HTMLElement>(PANEL).forEach(panel => {
      named(panel);
      polite(panel);
      panel.querySelectorAll<HTMLElement>('pre.pk-code').forEach(code => offered(code, writer));
    });
  };
  new MutationObserver(() => {
    asked ||= requestAnimationFrame(look);
  }).observe(document.body, { childList: true, subtree: true });
  // A click on the map of settings is told to the kernel as a spot of the drawing: it finds the nearest setting.
  document.addEventListener('click', event => {
    const map = event.target instanceof Element ? event.target.closest<SVGSVGElement>('.pk-map') : null;
    const field = map?.closest(PANEL)?.querySelector<HTMLInputElement>('.privkit-spot input');
    const turn = map?.getScreenCTM()?.inverse();
    if (field && turn) {
      const spot = new DOMPoint(event.clientX, event.clientY).matrixTransform(turn);
      field.value = `${spot.x.toFixed(1)},${spot.y.toFixed(1)}`;
      field.dispatchEvent(new Event('change', { bubbles: true }));
    }
  });
  // JupyterLab would take arrows, Enter and Space as its own, unless the focused element itself objects. What is typed
  // with Ctrl or Alt stays a shortcut.
  window.addEventListener(
    'keydown',
    event => {
      if (event.target instanceof Element && event.target.closest(PANEL)) {
        if (event.key === 'Escape') {
          // Withdraws what is asked, if anything is.
          event.target.closest(PANEL)?.querySelector<HTMLElement>('.privkit-cancel')?.click();
        }
        const chord = event.ctrlKey || event.metaKey || event.altKey;
        event.target.toggleAttribute(SUPPRESS, !chord);
        // The fields of ipywidgets let no key out, Ctrl+S neither: the browser would save the page.
        const letter = event.key.length === 1 && !event.altKey && !EDITING.includes(event.key.toLowerCase());
        if (chord && letter && event.target.matches('input, textarea')) {
          shortcut(event);
        }
      }
    },
    true
  );
}

/**
 * Let the kernel move the focus within a panel, but take it from nowhere else: its word may come when the person has
 * gone on, and what is typed there would be lost.
 */
function polite(panel: HTMLElement): void {
  for (const button of panel.querySelectorAll<HTMLElement>('button.jupyter-button')) {
    if (!Object.prototype.hasOwnProperty.call(button, 'focus')) {
      button.focus = options => {
        const at = document.activeElement;
        // Where a focused button was hidden, the focus fell to something around the panel.
        if (!at || at.contains(panel) || panel.contains(at)) {
          HTMLElement.prototype.focus.call(button, options);
        }
      };
    }
  }
}

function named(panel: HTMLElement): void {
  told(panel, 'role', 'group');
  told(panel, 'aria-label', panel.querySelector('.pk-title')?.textContent ?? 'privkit');
  for (const live of panel.querySelectorAll('.privkit-live')) {
    told(live, 'role', 'status');
  }
  for (const slider of panel.querySelectorAll('.widget-hslider')) {
    const handle = slider.querySelector('.noUi-handle');
    const label = slider.querySelector('.widget-label')?.textContent;
    const value = slider.querySelector('.widget-readout')?.textContent;
    if (handle && label) {
      told(handle, 'aria-label', label);
    }
    if (handle && value) {
      told(handle, 'aria-valuetext', value);
    }
  }
}

/** Put the buttons for a panel's code below it: one makes a cell of it, which nobody has run yet, and one copies it. */
function offered(code: HTMLElement, writer: Writer): void {
  if (code.nextElementSibling?.matches('.jp-privkit-typed')) {
    return;
  }
  const text = () => code.textContent ?? '';
  const buttons = tag('p', { class: 'jp-privkit-typed' }, copier(text));
  const write = writer(code);
  if (write) {
    const [name, kind] = code.matches('.pk-apply') ? ['Apply in a new cell', ' mod-primary'] : ['Write it into a new cell', ''];
    const button = tag('button', { type: 'button', class: `jupyter-button${kind}` }, name);
    button.addEventListener('click', () => write(text()));
    buttons.prepend(button);
  }
  code.after(buttons);
}

/** Set an attribute, unless it says so already. */
function told(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) {
    element.setAttribute(name, value);
  }
}
