/**
 * Return an element with its attributes and children. Strings become text nodes: nothing that comes from a ledger is
 * ever read as HTML.
 */
export function tag(
  name: string,
  attributes: Record<string, string> = {},
  ...children: (Node | string)[]
): HTMLElement {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

/** Return a button that copies text, and says that it did. */
export function copier(text: () => string): HTMLElement {
  const copy = tag('button', { type: 'button', class: 'jp-privkit-link' }, 'Copy the code');
  copy.addEventListener('click', () => {
    navigator.clipboard?.writeText(text()).then(
      () => (copy.textContent = 'Copied'),
      () => (copy.textContent = 'Select the code to copy it')
    );
  });
  return copy;
}
