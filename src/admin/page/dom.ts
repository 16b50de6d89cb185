/**
 * DOM: makes and finds elements. Text is only ever set as text: nothing that a client named becomes markup.
 */

type Child = Node | string

/** A new element with these attributes and children. */
export const element = <K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: ReadonlyArray<Child>
): HTMLElementTagNameMap[K] => {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

/** The same for SVG. */
export const shape = <K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string>>,
  ...children: ReadonlyArray<Child>
): SVGElementTagNameMap[K] => {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  made.append(...children)
  return made
}

/** The element of page.html with this id; throws where page.html has another kind. */
export const find = <E extends HTMLElement>(id: string, kind: new () => E): E => {
  const found = document.getElementById(id)
  if (!(found instanceof kind)) throw new TypeError(`page.html has no such element: ${id}`)
  return found
}

/** Writes only what differs: an unchanged node costs no layout, and keeps what a person has selected in it. */
export const say = (node: Node, text: string): void => {
  if (node.textContent !== text) node.textContent = text
}
