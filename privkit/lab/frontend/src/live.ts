/** The panels that privkit draws with ipywidgets, in notebooks. */
const PANEL = '.privkit-panel';
const SUPPRESS = 'data-lm-suppress-shortcuts';

/**
 * Give live panels what ipywidgets leaves out: a name for each slider, its value in words, and keys of their own.
 *
 * Without it, as in VS Code, they work too: prices, k and thresholds have a labeled number field beside the slider.
 */
export function followPanels(): void {
  let asked = 0;
  const look = () => {
    asked = 0;
    document.querySelectorAll<HTMLElement>(PANEL).forEach(named);
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
        event.target.toggleAttribute(SUPPRESS, !(event.ctrlKey || event.metaKey || event.altKey));
      }
    },
    true
  );
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

/** Set an attribute, unless it says so already. */
function told(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) {
    element.setAttribute(name, value);
  }
}
