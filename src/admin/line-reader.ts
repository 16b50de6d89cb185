/**
 * Line reader: lines on their way to the readers of a stream. A reader that is slow loses lines and is told how many; it
 * costs the proxy no more memory than one that is fast.
 */

/** Milliseconds that lines are collected for: a line of its own write each would cost more than the line. */
const batchEvery = 20

/** What a line is: text, or bytes. */
export interface LineReaderParts<L extends { readonly length: number }> {
  /** Of lines that wait, in their own unit; one that is longer waits alone. */
  readonly maxWait: number
  readonly join: (lines: ReadonlyArray<L>) => Uint8Array
  readonly notice: (text: string) => L
  /** A line was lost. */
  readonly lost: () => void
}

export class LineReader<L extends { readonly length: number }> {
  private readonly parts: LineReaderParts<L>
  private waiting: Array<L> = []
  private length = 0
  /** Lines that were lost since the reader's last notice. */
  private lost = 0
  private asked: ((bytes: Uint8Array) => void) | undefined = undefined
  private timer: ReturnType<typeof setTimeout> | undefined = undefined

  constructor(parts: LineReaderParts<L>) {
    this.parts = parts
  }

  /** Takes a line with its newline. */
  add(line: L): void {
    if (this.length > 0 && this.length + line.length > this.parts.maxWait) {
      this.lost++
      this.parts.lost()
      return
    }
    this.tellLoss()
    this.waiting.push(line)
    this.length += line.length
    this.answer()
  }

  /** Sends what there is, at the latest a batch after the first line came. */
  next(): Promise<Uint8Array> {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>()
    this.asked = resolve
    this.answer()
    return promise
  }

  close(): void {
    clearTimeout(this.timer)
    this.asked = undefined
    this.waiting = []
  }

  /** At the place where lines are missing. */
  private tellLoss(): void {
    if (this.lost === 0) return
    this.waiting.push(this.parts.notice(`${JSON.stringify({ dropped: this.lost })}\n`))
    this.lost = 0
  }

  private answer(): void {
    if (this.asked === undefined || this.waiting.length === 0) return
    this.timer ??= setTimeout(() => this.flush(), batchEvery)
  }

  private flush(): void {
    this.timer = undefined
    this.tellLoss()
    const bytes = this.parts.join(this.waiting)
    this.waiting = []
    this.length = 0
    this.asked?.(bytes)
    this.asked = undefined
  }
}

/** A stream of what a reader is given, from a newline on: a head alone would wait for its first line. `leave` ends it. */
const streamOf = <L extends { readonly length: number }>(
  reader: LineReader<L>,
  leave: () => void,
): ReadableStream<Uint8Array> =>
  // With a high-water mark of 0 the server asks for more only when the socket has taken what it was given.
  new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(Buffer.from("\n")),
      pull: async (controller) => controller.enqueue(await reader.next()),
      cancel: () => {
        leave()
        reader.close()
      },
    },
    { highWaterMark: 0 },
  )

export interface LineReadersParts<L extends { readonly length: number }> extends Omit<LineReaderParts<L>, "lost"> {
  /** At once. */
  readonly maxReaders: number
}

/** All readers of one kind of line; each is given what is for it. */
export class LineReaders<L extends { readonly length: number }> {
  /** Lines that readers lost, over all of them. */
  dropped = 0
  private readonly parts: LineReadersParts<L>
  private count = 0

  constructor(parts: LineReadersParts<L>) {
    this.parts = parts
  }

  /** Whether there are as many as there may be. */
  get isFull(): boolean {
    return this.count >= this.parts.maxReaders
  }

  /**
   * A stream for one more, which ends when the reader or the server does. `follow` is called at once with what takes a line,
   * and returns what ends that.
   */
  open(follow: (take: (line: L) => void) => () => void): ReadableStream<Uint8Array> {
    const reader = new LineReader<L>({ ...this.parts, lost: () => void this.dropped++ })
    const leave = follow((line) => reader.add(line))
    this.count++
    return streamOf(reader, () => {
      this.count--
      leave()
    })
  }
}
