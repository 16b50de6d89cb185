/** The program beside the proxy: it is told what the proxy is told, and finds everything as it would be without it. */
import { afterAll, beforeAll, expect, test } from "bun:test"
import { readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { constants, tmpdir } from "node:os"
import { join } from "node:path"
import { build } from "../../scripts/build.ts"
import { sameStop } from "../../src/cli/run/child.ts"
import { needs } from "../support/needs.ts"
import { pillion, type Ports } from "../support/pillion.ts"
import { Lines, runCommand } from "../support/process.ts"
import { within } from "../support/within.ts"

const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"]
const asPid1 = ["unshare", ...user, "--pid", "--fork", "--kill-child", "--mount-proc", "--"]

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "pillion-beside-"))
})
afterAll(() => rm(folder, { recursive: true }))

const free = ["--proxy-in-port=0", "--proxy-out-port=0", "--health-port=0", "--admin-port=0"]
const quiet = [...free, "--access-log=false", "--log-level=error"]

/** The numbers of the processes that a process has started. */
const childrenOf = (pid: number): ReadonlyArray<number> =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ").map(Number)

interface Beside extends AsyncDisposable {
  /** The proxy's own, also where a wrapper stands between. */
  readonly pid: number
  readonly program: number
  readonly lines: Lines
  readonly exited: Promise<number>
  readonly ports: Ports
}

let started = 0

/** Starts the executable with a script of Bun's beside it, and waits until that prints "ready". */
const startBeside = async (
  script: string,
  { wrapper = [], env = {} }: { readonly wrapper?: ReadonlyArray<string>; readonly env?: Record<string, string> } = {},
): Promise<Beside> => {
  const portsFile = join(folder, `ports-${started++}.json`)
  const run = ["run", ...quiet, `--ports-file=${portsFile}`, "--", process.execPath, "-e", script]
  const child = Bun.spawn([...wrapper, await build(), ...run], {
    env: { PATH: process.env["PATH"], ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
    // A session of its own: without a terminal, whoever runs this test.
    detached: true,
  })
  const lines = new Lines(child.stdout)
  await lines.until((line) => line === "ready" || undefined, "start of the program")
  const pid = wrapper.length === 0 ? child.pid : childrenOf(child.pid)[0]!
  return {
    pid,
    program: childrenOf(pid)[0]!,
    lines,
    exited: child.exited,
    ports: await Bun.file(portsFile).json(),
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL")
      await child.exited
      await lines.done
    },
  }
}

const named: ReadonlyArray<NodeJS.Signals> = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGABRT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGALRM",
  "SIGCONT",
  "SIGTSTP",
  "SIGTTIN",
  "SIGTTOU",
  "SIGURG",
  "SIGXCPU",
  "SIGVTALRM",
  "SIGPROF",
  "SIGWINCH",
  "SIGIO",
  "SIGTERM",
]

/** Prints each signal that it gets; SIGTERM ends it with 5. */
const telling = `
for (const name of ${JSON.stringify(named)}) process.on(name, () => {
  console.log(name)
  if (name === "SIGTERM") process.exit(5)
})
setInterval(() => {}, 1e6)
console.log("ready")`

for (const wrapper of [[], asPid1]) {
  const where = wrapper.length === 0 ? "" : " as PID 1"
  needs(...(wrapper.length === 0 ? [] : ["namespace" as const]))(
    `every signal that can be heard reaches the program once, and the proxy outlives it${where}`,
    async () => {
      await using beside = await startBeside(telling, { wrapper })
      // These the runtime cannot hear: they end neither of the two.
      for (const signal of [16, 34, 35, 64]) process.kill(beside.pid, signal)
      for (const name of named) {
        process.kill(beside.pid, name)
        await beside.lines.until((line) => line === name || undefined, name)
      }
      expect(await within(beside.exited, "end of the proxy")).toBe(5)
      await beside.lines.done
      expect(beside.lines.all).toEqual(["ready", ...named])
    },
  )
}

/** Ends with 7, a moment after SIGTERM. */
const leisurely = `
process.on("SIGTERM", () => {
  console.log("told by " + process.ppid)
  setTimeout(() => { console.log("done beside " + process.ppid); process.exit(7) }, 500)
})
setInterval(() => {}, 1e6)
console.log("ready")`

const askToStop: Record<string, (beside: Beside) => Promise<unknown>> = {
  SIGTERM: async ({ pid }) => process.kill(pid, "SIGTERM"),
  drain: async ({ ports }) => {
    const { code, stdout } = await pillion(["drain", `--admin-port=${ports.admin}`])
    expect([code, stdout]).toEqual([0, "the program is told to stop; the proxy ends after it\n"])
  },
  "/drain": ({ ports }) => fetch(`http://127.0.0.1:${ports.admin}/drain`, { method: "POST", proxy: "" }),
  "/quitquitquit": ({ ports }) => fetch(`http://127.0.0.1:${ports.admin}/quitquitquit`, { method: "POST", proxy: "" }),
}

for (const [way, ask] of Object.entries(askToStop)) {
  for (const wrapper of [[], asPid1]) {
    const where = wrapper.length === 0 ? "" : " as PID 1"
    needs(...(wrapper.length === 0 ? [] : ["namespace" as const]))(
      `${way} tells the program to stop, waits for it, and ends with its exit code${where}`,
      async () => {
        await using beside = await startBeside(leisurely, { wrapper })
        await ask(beside)
        expect(await within(beside.exited, "end of the proxy")).toBe(7)
        await beside.lines.done
        const parent = wrapper.length === 0 ? beside.pid : 1
        expect(beside.lines.all).toEqual(["ready", `told by ${parent}`, `done beside ${parent}`])
      },
    )
  }
}

test("a stop signal that comes twice within a second is passed on once, and one after that again", async () => {
  const script = `
    let count = 0
    process.on("SIGTERM", () => { console.log("told"); if (++count === 2) process.exit(3) })
    process.on("SIGUSR1", () => console.log("asked"))
    setInterval(() => {}, 1e6)
    console.log("ready")`
  await using beside = await startBeside(script)
  process.kill(beside.pid, "SIGTERM")
  await beside.lines.until((line) => line === "told" || undefined, "the first SIGTERM")
  process.kill(beside.pid, "SIGTERM")
  process.kill(beside.pid, "SIGUSR1")
  await beside.lines.until((line) => line === "asked" || undefined, "SIGUSR1")
  expect(beside.lines.all).toEqual(["ready", "told", "asked"])
  await Bun.sleep(sameStop + 100)
  process.kill(beside.pid, "SIGTERM")
  expect(await within(beside.exited, "end of the proxy")).toBe(3)
})

test("without a terminal the program leads a group of its own, and every process of it is told once", async () => {
  const inner = `
    process.on("SIGTERM", () => { console.log("inner"); process.exit(0) })
    setInterval(() => {}, 1e6)
    console.log("ready")`
  const outer = `
    const inner = Bun.spawn([process.execPath, "-e", ${JSON.stringify(inner)}], { stdio: ["ignore", "inherit", "inherit"] })
    process.on("SIGTERM", async () => { await inner.exited; console.log("outer"); process.exit(4) })`
  await using beside = await startBeside(outer)
  const [, , group] = readFileSync(`/proc/${beside.program}/stat`, "latin1").split(") ")[1]!.split(" ")
  expect(Number(group)).toBe(beside.program)
  process.kill(beside.pid, "SIGTERM")
  expect(await within(beside.exited, "end of the proxy")).toBe(4)
  await beside.lines.done
  expect(beside.lines.all).toEqual(["ready", "inner", "outer"])
})

// ── as it would be without us ───────────────────────────────────────────────────────────────────────────────────────

/** Runs a shell script in which `$PILLION` starts what follows beside the proxy. */
const shell = async (script: string, env: Record<string, string> = {}) =>
  runCommand(["sh", "-c", script], {
    env: { PILLION: [await build(), "run", ...quiet, "--"].join(" "), ...env },
  })

test("the program's limit of open files is that of whoever started the proxy, not the one that the proxy has", async () => {
  const { stdout } = await shell("ulimit -Sn 123; $PILLION sh -c 'ulimit -Sn; ulimit -Hn'; ulimit -Hn; true")
  const [soft, hard, outer] = stdout.split("\n")
  expect([soft, hard]).toEqual(["123", outer])
})

test("the program ignores the signals that were ignored when the proxy started, and has no other file open", async () => {
  const script = "grep SigIgn: /proc/self/status; ls /proc/self/fd"
  const inherited = /SigIgn:\s+([0-9a-f]+)/
  const look = async (outer: string) => {
    const { stdout } = await shell(`${outer} $PILLION sh -c '${script}'; true`)
    // The C library's posix_spawn(3) ignores those two that it keeps for itself, 32 and 33.
    return [BigInt(`0x${inherited.exec(stdout)?.[1]}`) & 0x7fff_ffffn, stdout.split("\n").slice(1, -1)]
  }
  const open = ["0", "1", "2", "3"]
  expect(await look("")).toEqual([0n, open])
  const bits = (1n << BigInt(constants.signals.SIGHUP - 1)) | (1n << BigInt(constants.signals.SIGINT - 1))
  expect(await look("trap '' HUP INT;")).toEqual([bits, open])
})

test("bytes that are not UTF-8 arrive as they are, in arguments, in the environment and in the program's path", async () => {
  // Octal, for a shell that knows no other way to write a byte.
  const script = `
    cd "$FOLDER"
    name=$(printf 'caf\\351')
    cp /bin/cat "$name"
    printf 'content\\n' > "$(printf '\\377\\376')"
    export VALUE="$name"
    $PILLION "./$name" "$(printf '\\377\\376')"
    PATH="$PATH:." $PILLION "$name" "$(printf '\\377\\376')"
    $PILLION sh -c 'printf %s "$VALUE" | od -An -tx1' | tr -d ' \\n'`
  const { code, stdout, stderr } = await shell(script, { FOLDER: folder })
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "content\ncontent\n636166e9", stderr: "" })
})

test("bytes that are not UTF-8 in the proxy's own options are refused in words", async () => {
  const proxy = await build()
  for (const [script, source] of [
    [`${proxy} check-config "--config=$(printf '/caf\\351')"`, "flag --config"],
    [`${proxy} check-config "--ports-file=$(printf '/caf\\351')"`, "flag --ports-file"],
    [`PILLION_PORTS_FILE="$(printf '/caf\\351')" ${proxy} check-config`, "environment PILLION_PORTS_FILE"],
  ] as const) {
    const { code, stderr } = await runCommand(["sh", "-c", script])
    expect([code, stderr]).toEqual([78, expect.stringContaining(`(${source}) holds bytes that are not UTF-8`)])
  }
})

test("LOG_LEVEL and METRICS_HTTP_PORT may be the program's own", async () => {
  const env = { LOG_LEVEL: "chatty", METRICS_HTTP_PORT: "not a port" }
  const command = ["sh", "-c", 'echo "$LOG_LEVEL $METRICS_HTTP_PORT"']
  const { code, stdout, stderr } = await pillion(["run", ...free, "--access-log=false", "--", ...command], { env })
  expect([code, stdout]).toEqual([0, "chatty not a port\n"])
  expect(stderr).toContain("environment LOG_LEVEL is ignored")
  expect(stderr).not.toContain("METRICS_HTTP_PORT")
  const refused = await pillion(["run", ...free, "--", "true"], { env: { PILLION_LOG_LEVEL: "chatty" } })
  expect(refused.code).toBe(78)
})
