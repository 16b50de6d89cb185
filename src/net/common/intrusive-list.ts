/**
 * Chain: things in the order in which they came, any of which may leave at any time. The links lie in the things, for
 * each connection is in several chains: a Set would be 33 bytes more for each.
 */

/** A place in one chain; the two fields are the chain's own. */
export interface ListNode<T> {
  previous: T | undefined
  next: T | undefined
}

export class IntrusiveList<T extends ListNode<T>> implements Iterable<T> {
  first: T | undefined = undefined
  last: T | undefined = undefined

  /** Adds at the end; `link` is in no chain. */
  add(link: T): void {
    const { last } = this
    link.previous = last
    if (last === undefined) this.first = link
    else last.next = link
    this.last = link
  }

  /** Takes out of the middle; `link` is in this chain. */
  remove(link: T): void {
    const { previous, next } = link
    link.previous = undefined
    link.next = undefined
    if (previous === undefined) this.first = next
    else previous.next = next
    if (next === undefined) this.last = previous
    else next.previous = previous
  }

  /** The oldest first. The one that was given may leave before the next one is asked for. */
  *[Symbol.iterator](): Generator<T> {
    let link = this.first
    while (link !== undefined) {
      const { next }: T = link
      yield link
      link = next
    }
  }
}
