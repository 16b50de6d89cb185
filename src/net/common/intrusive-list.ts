/**
 * Intrusive list: things in the order in which they came, any of which may leave at any time. The links lie in the
 * things, for each connection is in several lists: a Set would be 33 bytes more for each.
 */

/** A place in one list; the two fields belong to the list. */
export interface ListNode<T> {
  previous: T | undefined
  next: T | undefined
}

export class IntrusiveList<T extends ListNode<T>> implements Iterable<T> {
  first: T | undefined = undefined
  last: T | undefined = undefined

  /** Adds at the end; `node` is in no list. */
  add(node: T): void {
    const { last } = this
    node.previous = last
    if (last === undefined) this.first = node
    else last.next = node
    this.last = node
  }

  /** Takes out of the middle; `node` is in this list. */
  remove(node: T): void {
    const { previous, next } = node
    node.previous = undefined
    node.next = undefined
    if (previous === undefined) this.first = next
    else previous.next = next
    if (next === undefined) this.last = previous
    else next.previous = previous
  }

  /** Calls `visit` for each, the oldest first, and makes no object; what it is called for may leave in the call. */
  forEach(visit: (node: T) => void): void {
    let node = this.first
    while (node !== undefined) {
      const { next }: T = node
      visit(node)
      node = next
    }
  }

  /** Yields the oldest first. What was yielded may leave before the next one is asked for. */
  *[Symbol.iterator](): Generator<T> {
    let node = this.first
    while (node !== undefined) {
      const { next }: T = node
      yield node
      node = next
    }
  }
}
