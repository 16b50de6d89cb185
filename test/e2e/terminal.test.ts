/** At a terminal: the keys mean the program and the proxy once each, the shell's job control works, and closing it ends. */
import { afterAll, beforeAll, expect } from "bun:test"
import { readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseStat } from "../../src/cli/run/terminal.ts"
import { build } from "../../scripts/build.ts"
import { needs } from "../support/needs.ts"
import { Condition, eventually } from "../support/within.ts"

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pillion-terminal-"))
})
afterAll(() => rm(folder, { recursive: true }))

const free = ["--proxy-in-port=0", "--proxy-out-port=0", "--health-port=0", "--admin-port=0", "--access-log=false"]

/** A command whose controlling terminal this is. */
class Typing implements AsyncDisposable {
  private text = ""
  private readonly condition = new Condition()
  readonly child: Bun.Subprocess
  readonly exited: Promise<number>

  constructor(command: ReadonlyArray<string>) {
    const decoder = new TextDecoder()
    this.child = Bun.spawn([...command], {
      env: { PATH: process.env["PATH"], TERM: "dumb", PS1: "$ ", HISTFILE: "", NO_COLOR: "1" },
      cwd: folder,
      terminal: {
        data: (_, bytes) => {
          this.text += decoder.decode(bytes, { stream: true })
          this.condition.changed()
        },
      },
    })
    this.exited = this.child.exited
  }

  type(keys: string): void {
    this.child.terminal?.write(keys)
  }

  /** Waits for a text on the screen, and forgets everything up to its end; returns what was before it. */
  until(wanted: string): Promise<string> {
    const find = (): string | undefined => {
      const at = this.text.indexOf(wanted)
      if (at === -1) return undefined
      const before = this.text.slice(0, at)
      this.text = this.text.slice(at + wanted.length)
      return before
    }
    return this.condition.until(find, () => `${JSON.stringify(wanted)} in ${JSON.stringify(this.text)}`, 10_000)
  }

  close(): void {
    this.child.terminal?.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGKILL")
    await this.exited
    this.close()
  }
}

const file = (name: string) => Bun.file(join(folder, name))
const contains = async (name: string, text: string): Promise<boolean> =>
  (await file(name).exists()) && (await file(name).text()).includes(text)

/** Whether a process is in the foreground of its terminal. */
const inForeground = (pid: number): boolean => parseStat(readFileSync(`/proc/${pid}/stat`, "latin1")).foreground

/** The command line that starts a proxy which logs to a file. */
const command = async (log: string, ...rest: ReadonlyArray<string>): Promise<string> =>
  `${[await build(), "run", ...free, ...rest].join(" ")} 2>${log}`

const program = `
for (const name of ["SIGINT", "SIGQUIT", "SIGWINCH", "SIGHUP", "SIGTERM"]) process.on(name, () => {
  require("node:fs").appendFileSync(process.argv[2], name + "\\n")
  console.log("<" + name + ">")
  if (name === "SIGQUIT") process.exit(6)
  if (name === "SIGHUP") process.exit(1)
})
setInterval(() => {}, 1e6)
console.log("<ready>")`

needs("bash")(
  "Ctrl-C and Ctrl-\\ reach the program once; Ctrl-Z stops both, and fg and bg let them go on",
  async () => {
    await Bun.write(join(folder, "program.js"), program)
    await using typing = new Typing(["bash", "--norc", "--noprofile", "-i"])
    await typing.until("$ ")
    typing.type(`${await command("log", "--", process.execPath, "program.js", "keys")}\n`)
    await typing.until("<ready>")
    typing.type("\x03")
    await typing.until("<SIGINT>")
    for (const resume of [["fg"], ["bg", "fg"]]) {
      typing.type("\x1a")
      await typing.until("Stopped")
      for (const word of resume) {
        await typing.until("$ ")
        typing.type(`${word}\n`)
        // Both print the command of the job.
        await typing.until("program.js keys 2> log")
      }
      // The shell says so before it hands over the terminal.
      await eventually(async () => inForeground(typing.child.pid), false, "hand-over of the terminal")
    }
    typing.type("\x1c")
    await typing.until("<SIGQUIT>")
    typing.type('echo "<ended $?>"\n')
    await typing.until("<ended 6>")
    expect(await file("keys").text()).toBe("SIGINT\nSIGQUIT\n")
  },
  20_000,
)

needs("bash")(
  "a terminal that closes tells the program once, and the proxy ends with it",
  async () => {
    await Bun.write(join(folder, "program.js"), program)
    for (const wrapper of [["bash", "--norc", "--noprofile", "-i"], []]) {
      const line = await command("with-program", "--", process.execPath, "program.js", "closed")
      await using typing = new Typing(wrapper.length === 0 ? ["sh", "-c", `exec ${line}`] : wrapper)
      if (wrapper.length > 0) {
        await typing.until("$ ")
        typing.type(`${line}\n`)
      }
      await typing.until("<ready>")
      typing.close()
      await eventually(() => contains("with-program", "stopped"), true, "end of the proxy")
      expect(await file("closed").text()).toBe("SIGHUP\n")
      await rm(join(folder, "closed"))
      await rm(join(folder, "with-program"))
    }
  },
  20_000,
)

needs("bash")("a terminal that closes stops a proxy without a program; a plain SIGHUP still reloads", async () => {
  await using typing = new Typing(["bash", "--norc", "--noprofile", "-i"])
  await typing.until("$ ")
  typing.type(`${await command("closing")}; echo "<ended $?>"\n`)
  await eventually(() => contains("closing", "is ready"), true, "start of the proxy")
  const [pid] = (await Bun.file(`/proc/${typing.child.pid}/task/${typing.child.pid}/children`).text())
    .split(" ")
    .map(Number)
  process.kill(pid!, "SIGHUP")
  await eventually(() => contains("closing", "reloaded"), true, "a reload")
  typing.close()
  await eventually(() => contains("closing", "stopped"), true, "end of the proxy")
})
