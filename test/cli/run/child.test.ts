import { afterAll, beforeAll, expect, test } from "bun:test"
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { startChild } from "../../../src/cli/run/child.ts"
import { Lines, runCommand } from "../../support/process.ts"
import { within } from "../../support/within.ts"

const runner = [process.execPath, join(import.meta.dir, "../../support/run-child.ts")]
const run = (...command: ReadonlyArray<string>) => runCommand([...runner, ...command], { cwd: folder })

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pillion-child-"))
})
afterAll(() => rm(folder, { recursive: true }))

/** Starts a program from the process of the tests. */
const startHere = (command: ReadonlyArray<string>, environment: Record<string, string>) =>
  startChild({ command, environment, terminal: undefined, ignored: new Set() })

/** Writes a file for a test to run, and returns its path. */
const file = async (name: string, content: string, mode: number): Promise<string> => {
  const path = join(folder, name)
  await Bun.write(path, content)
  await chmod(path, mode)
  return path
}

test("its exit code is the program's", async () => {
  for (const code of [0, 1, 7, 255]) expect((await run("sh", "-c", `exit ${code}`)).code).toBe(code)
})

test("its exit code is 128 and the signal's number where a signal ended the program", async () => {
  for (const [signal, number] of [
    ["TERM", 15],
    ["KILL", 9],
    ["SEGV", 11],
    ["USR1", 10],
    ["34", 34],
  ] as const) {
    expect((await run("sh", "-c", `ulimit -c 0; kill -${signal} $$`)).code).toBe(128 + number)
  }
})

test("the program has the arguments, the environment and the streams of the command", async () => {
  const script = 'read -r line; echo "$0|$1|$2|$X|$line"; echo talk >&2'
  const { code, stdout, stderr } = await runCommand([...runner, "sh", "-c", script, "a b", "", "*"], {
    env: { X: "y" },
    stdin: "input\n",
  })
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "a b||*|y|input\n", stderr: "talk\n" })
})

test("the program is found by the PATH of its own environment", async () => {
  await mkdir(join(folder, "bin"))
  await file("bin/only-here", "#!/bin/sh\nexit 5\n", 0o755)
  const outcome = startHere(["only-here"], { PATH: join(folder, "bin") }).pipe(
    Effect.flatMap(({ exitCode }) => exitCode),
    Effect.scoped,
  )
  expect(await Effect.runPromise(outcome)).toBe(5)
  expect((await run("only-here")).code).toBe(127)
})

test("a program that is not there is 127, and the line says which", async () => {
  const orphaned = await file("no-interpreter", "#!/no/such/interpreter\n", 0o755)
  for (const [program, reason] of [
    ["no-such-program", '"no-such-program" was not found in PATH'],
    ["", '"" was not found in PATH'],
    ["./no-such-file", '"./no-such-file" does not exist'],
    [orphaned, `the interpreter that ${JSON.stringify(orphaned)} names in its first line does not exist`],
  ] as const) {
    expect(await run(program)).toEqual({ code: 127, stdout: "", stderr: `pillion: ${reason}\n` })
  }
})

test("a program that cannot be executed is 126, and the line says why", async () => {
  // Root may execute nothing either where no execute bit is set.
  const plain = await file("plain", "#!/bin/sh\n", 0o644)
  const formless = await file("formless", "exit 3\n", 0o755)
  for (const [program, reason] of [
    [plain, " is not executable for this user"],
    [folder, " is not executable for this user"],
    [formless, " is no program for this machine, and its first line names no interpreter (#!)"],
    [join(plain, "below"), " cannot be started (ENOTDIR)"],
  ] as const) {
    const stderr = `pillion: ${JSON.stringify(program)}${reason}\n`
    expect(await run(program)).toEqual({ code: 126, stdout: "", stderr })
  }
})

/** Prints "ready", then each signal; SIGTERM ends it with 5. */
const listening = `
for (const name of ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2"]) process.on(name, () => {
  process.stdout.write(name + "\\n")
  if (name === "SIGTERM") process.exit(5)
})
setInterval(() => {}, 1e6)
process.stdout.write("ready\\n")`

const startListening = (env: Record<string, string>) =>
  Bun.spawn([...runner, process.execPath, "-e", listening], {
    env: { ...process.env, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    // A session of its own: without a terminal, whoever runs this test.
    detached: true,
  })

test("signals go to the program, each once, and the program decides what they mean", async () => {
  const child = startListening({})
  try {
    const lines = new Lines(child.stdout)
    for (const name of ["ready", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGTERM"] as const) {
      if (name !== "ready") child.kill(name)
      await lines.until((line) => line === name || undefined, name)
    }
    expect(await within(child.exited, "end of the program")).toBe(5)
    await lines.done
    expect(lines.all).toEqual(["ready", "SIGINT", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGTERM"])
  } finally {
    child.kill("SIGKILL")
  }
})

test("Ctrl-C reaches a program of the same terminal once, not twice", async () => {
  // The runner stands still until the program has had its SIGINT, and gets SIGHUP after its own SIGINT: it would pass
  // on a second SIGINT before SIGHUP.
  const script = `
    import { readFileSync } from "node:fs"
    const runner = process.ppid
    let count = 0
    process.on("SIGINT", () => {
      if (++count > 1) return
      process.kill(runner, "SIGCONT")
      while (!/^ShdPnd:[\\s0]+$/m.test(readFileSync("/proc/" + runner + "/status", "latin1"))) Bun.sleepSync(1)
      process.kill(runner, "SIGHUP")
    })
    process.on("SIGHUP", () => { console.log("SIGINT x" + String(count)); process.exit(3) })
    setInterval(() => {}, 1e6)
    process.kill(runner, "SIGSTOP")
    console.log("ready")`
  let screen = ""
  const ready = Promise.withResolvers<void>()
  const child = Bun.spawn([...runner, process.execPath, "-e", script], {
    env: { ...process.env, NO_COLOR: "1" },
    terminal: {
      data: (_, bytes) => {
        screen += new TextDecoder().decode(bytes)
        if (screen.includes("ready")) ready.resolve()
      },
    },
  })
  try {
    await within(ready.promise, "start of the program")
    child.terminal?.write("\x03")
    expect(await within(child.exited, "end of the program after Ctrl-C")).toBe(3)
    expect(screen).toContain("SIGINT x1\r\n")
  } finally {
    child.kill("SIGKILL")
    child.terminal?.close()
  }
})

test("a program that has not ended when its scope closes is sent SIGTERM", async () => {
  const started = Effect.scoped(startHere(["sleep", "60"], { PATH: process.env["PATH"] ?? "" }))
  const child = await Effect.runPromise(started)
  expect(await within(Effect.runPromise(child.exitCode), "end of the program")).toBe(143)
  expect(child.ended()).toBe(true)
  child.signal("SIGTERM")
})

/** Runs a command as PID 1. */
const asPid1 = (...command: ReadonlyArray<string>) => {
  const user = process.getuid?.() === 0 ? [] : ["--map-root-user"]
  const unshare = ["unshare", ...user, "--pid", "--fork", "--kill-child", "--mount-proc", "--"]
  return runCommand([...unshare, ...command], { cwd: folder, milliseconds: 4000 })
}

test("as PID 1 it reaps every orphan, and the program's exit code stays the program's", async () => {
  // Each orphan notes its number and ends. The script ends only when none of them is left, not even as a zombie.
  const script = `
    touch orphans
    for i in 1 2 3 4 5 6 7 8 9 10; do (sh -c 'echo $$ >> orphans; exit 3' &); done
    while [ "$(wc -l < orphans)" -lt 10 ]; do sleep 0.01; done
    for pid in $(cat orphans); do while [ -e /proc/$pid ]; do sleep 0.01; done; done
    exit 7`
  expect(await asPid1(...runner, "sh", "-c", script)).toEqual({ code: 7, stdout: "", stderr: "" })
})

test("as PID 1 it ends with 128 and the signal's number too", async () => {
  expect((await asPid1(...runner, "sh", "-c", "(sh -c 'exit 3' &); kill -TERM $$")).code).toBe(143)
})

// ── where the C library cannot be called ────────────────────────────────────────────────────────────────────────────

const runWithout = (...command: ReadonlyArray<string>) =>
  runCommand([...runner, ...command], { cwd: folder, env: { RUN_CHILD_WITHOUT_LIBC: "1" } })

test("without the C library the program runs too, and its exit code is the program's", async () => {
  expect((await runWithout("sh", "-c", "exit 7")).code).toBe(7)
  expect((await runWithout("sh", "-c", "kill -TERM $$")).code).toBe(143)
  const missing = await runWithout("no-such-program")
  expect(missing).toEqual({ code: 127, stdout: "", stderr: 'pillion: "no-such-program" was not found in PATH\n' })
})

test("without the C library the program leads a group of its own, which gets the signals", async () => {
  const child = startListening({ RUN_CHILD_WITHOUT_LIBC: "1" })
  try {
    const lines = new Lines(child.stdout)
    for (const name of ["ready", "SIGINT", "SIGTERM"] as const) {
      if (name !== "ready") child.kill(name)
      await lines.until((line) => line === name || undefined, name)
    }
    expect(await within(child.exited, "end of the program")).toBe(5)
  } finally {
    child.kill("SIGKILL")
  }
})

test("without the C library bytes that are not UTF-8 are refused in words", async () => {
  const script = `exec ${runner.join(" ")} cat "$(printf 'caf\\351')"`
  const { code, stderr } = await runCommand(["sh", "-c", script], { env: { RUN_CHILD_WITHOUT_LIBC: "1" } })
  expect([code, stderr]).toEqual([
    126,
    'pillion: "cat" cannot be given bytes that are not UTF-8 where the C library cannot be called\n',
  ])
})
