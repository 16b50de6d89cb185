/**
 * Terminal: a command in a pseudo terminal, and the screen that a person would see.
 *
 * It understands what our own screens use (cursor to a place, erase, the other screen, colours) and throws for any
 * other control, so that nothing is on the screen that this does not know.
 */
import { Condition, within } from "./within.ts"

/** What is shown: characters by row and column, and the style that each was written in. */
class Screen {
  columns: number
  rows: number
  cells: Array<Array<string>> = []
  styles = new Set<string>()
  row = 0
  column = 0
  cursorShown = true
  /** The other screen, which full-screen programs use, is the one that is shown. */
  other = false
  private isResized = false
  private fits = true

  constructor(columns: number, rows: number) {
    this.columns = columns
    this.rows = rows
    this.clear()
  }

  clear(): void {
    this.cells = Array.from({ length: this.rows }, () => Array.from({ length: this.columns }, () => " "))
  }

  /** The size is another one: what is on its way may be for the one before, until a picture fits. */
  resize(columns: number, rows: number): void {
    this.columns = columns
    this.rows = rows
    this.clear()
    this.isResized = true
  }

  /** A picture begins. */
  home(): void {
    this.row = 0
    this.column = 0
    this.fits = true
  }

  /** A picture is complete. */
  done(): void {
    if (this.fits) this.isResized = false
  }

  put(character: string): void {
    if (this.column < this.columns) {
      this.cells[this.row]![this.column++] = character
      return
    }
    // A terminal would go on in the next row: our programs must not let it come to that.
    if (!this.isResized) throw new Error(`wrote beyond column ${this.columns} of row ${this.row}`)
    this.fits = false
  }
}

export class TerminalProgram {
  readonly screen: Screen
  readonly exited: Promise<number>
  /** Everything that was written, as it was. */
  raw = ""
  private readonly terminal: Bun.Terminal
  private readonly child: Bun.Subprocess
  private readonly condition = new Condition()
  private readonly decoder = new TextDecoder()
  private rest = ""
  private broken: Error | undefined

  constructor(command: ReadonlyArray<string>, env: Record<string, string>, columns = 80, rows = 24) {
    this.screen = new Screen(columns, rows)
    this.terminal = new Bun.Terminal({
      cols: columns,
      rows,
      data: (_, bytes) => this.receive(this.decoder.decode(bytes, { stream: true })),
    })
    this.child = Bun.spawn([...command], {
      env: { PATH: process.env["PATH"], TERM: "xterm-256color", ...env },
      terminal: this.terminal,
    })
    this.exited = this.child.exited
  }

  /** Text of every row, without the blanks at its end. */
  get lines(): ReadonlyArray<string> {
    return this.screen.cells.map((row) => row.join("").trimEnd())
  }

  /** Waits until the screen is as `fits` wants it; returns its rows. */
  async until(fits: (lines: ReadonlyArray<string>) => boolean, what: string): Promise<ReadonlyArray<string>> {
    const attempt = (): ReadonlyArray<string> | undefined => {
      if (this.broken !== undefined) throw this.broken
      const { lines } = this
      return fits(lines) ? lines : undefined
    }
    return this.condition.until(attempt, () => `${what} on this screen:\n${this.lines.join("\n")}\n`, 10_000)
  }

  type(keys: string): void {
    this.terminal.write(keys)
  }

  resize(columns: number, rows: number): void {
    this.screen.resize(columns, rows)
    this.terminal.resize(columns, rows)
    // The kernel signals the terminal's foreground group; a session without one, as here, is told by hand.
    this.child.kill("SIGWINCH")
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL")
    await within(this.exited, "end of the program in the terminal")
    this.terminal.close()
  }

  private receive(text: string): void {
    this.raw += text
    this.rest += text
    try {
      this.interpret()
    } catch (cause) {
      this.broken = cause instanceof Error ? cause : new Error(String(cause))
    }
    this.condition.changed()
  }

  private interpret(): void {
    while (this.rest !== "") {
      const control = /^\x1b\[(\??)([0-9;]*)([A-Za-z])/.exec(this.rest)
      if (control !== null) {
        this.control(control[1] === "?", control[2] ?? "", control[3] ?? "")
        this.rest = this.rest.slice(control[0].length)
        continue
      }
      const [character] = this.rest
      // The rest of a control that is not here yet.
      if (character === "\x1b" && /^\x1b(\[\??[0-9;]*)?$/.test(this.rest)) return
      this.plain(character ?? "")
      this.rest = this.rest.slice((character ?? "").length)
    }
  }

  private plain(character: string): void {
    const { screen } = this
    if (character === "\r") screen.column = 0
    else if (character === "\n") screen.row = Math.min(screen.row + 1, screen.rows - 1)
    else if (/^[\p{Cc}\p{Cf}]$/u.test(character)) throw new Error(`control ${JSON.stringify(character)} on the screen`)
    else screen.put(character)
  }

  private control(isPrivate: boolean, numbers: string, letter: string): void {
    const { screen } = this
    const what = `${isPrivate ? "?" : ""}${numbers}${letter}`
    switch (what) {
      case "H":
        screen.home()
        return
      case "K":
        screen.cells[screen.row]!.fill(" ", screen.column)
        return
      case "J":
        screen.cells[screen.row]!.fill(" ", screen.column)
        for (let row = screen.row + 1; row < screen.rows; row++) screen.cells[row]!.fill(" ")
        screen.done()
        return
      case "?1049h":
      case "?1049l":
        screen.other = letter === "h"
        screen.clear()
        return
      case "?25h":
      case "?25l":
        screen.cursorShown = letter === "h"
        return
      default:
        if (letter !== "m") throw new Error(`unknown control ${JSON.stringify(what)}`)
        screen.styles.add(numbers)
    }
  }
}
