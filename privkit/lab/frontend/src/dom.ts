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
