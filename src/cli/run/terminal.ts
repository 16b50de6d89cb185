/**
 * Terminal: the controlling terminal of this process, as /proc/self/stat knows it, and which signals come from it.
 */
import { procText } from "../../system/proc.ts"
import type { Signal } from "../command-line/signals.ts"

/** Sent to every process of the foreground group when a key is pressed or the window changes. */
const fromKeyboard: ReadonlySet<Signal> = new Set(["SIGINT", "SIGQUIT", "SIGWINCH"])

/** Milliseconds. The terminal is looked for every second; one that was there lately closed only now. */
const lately = 2500

export class Terminal {
  private seen = Number.NEGATIVE_INFINITY
  private readonly stat: () => string
  private readonly now: () => number

  /** The tests put another /proc/self/stat and another clock in their place. */
  constructor(stat: () => string = () => procText("self/stat"), now: () => number = () => performance.now()) {
    this.stat = stat
    this.now = now
  }

  /** Whether there is one. To be asked every second, so that `hungUp` knows when it went. */
  look(): boolean {
    const here = parseStat(this.stat()).terminal
    if (here) this.seen = this.now()
    return here
  }

  /** Whether it closed a moment ago: then a SIGHUP is its farewell, and not somebody's wish for a reload. */
  hungUp(): boolean {
    return !this.look() && this.now() - this.seen < lately
  }

  /**
   * Whether a program of the same process group has got this signal already, because the terminal sends it to all of
   * them: to many programs a second SIGINT means "at once". The price: in the foreground of a terminal `kill -INT` of
   * the proxy alone does nothing.
   */
  tellsGroup(signal: Signal): boolean {
    const { foreground, leader } = parseStat(this.stat())
    if (fromKeyboard.has(signal)) return foreground
    // When a terminal closes, the kernel signals the leader of its session, which signals its jobs, as shells do.
    return signal === "SIGHUP" && !leader && this.hungUp()
  }
}

interface Stat {
  readonly terminal: boolean
  /** This process is in the foreground group of its terminal. */
  readonly foreground: boolean
  /** This process leads its session. */
  readonly leader: boolean
}

/** Reads the text of /proc/self/stat; for any other text everything is false. */
export const parseStat = (stat: string): Stat => {
  // A program's name stands in parentheses, and may hold anything.
  const [, , group, session, terminal = "0", foreground] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  const here = terminal !== "0"
  return { terminal: here, foreground: here && group === foreground, leader: session === stat.split(" ", 1)[0] }
}
