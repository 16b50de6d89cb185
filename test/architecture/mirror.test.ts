/**
 * `test/` mirrors `src/`: the test of src/room/x.ts is test/room/x.test.ts, and a long one goes on in x-part.test.ts.
 * What is otherwise stands in the lists below, with the reason; an entry that excuses nothing any more fails.
 */
import { expect, test } from "bun:test"
import { dirname, join } from "node:path"

const root = join(import.meta.dir, "../..")

/** Folders of test/ that stand for no room of src/: they test the whole, or what is not in src/. */
const otherFolders = new Set([
  "architecture",
  "arm64",
  "attacks",
  "bench",
  "browser",
  "conformance",
  "corpora",
  "deploy",
  "e2e",
  "faults",
  "image",
  "recipes",
  "scripts",
  "smuggling",
  "soak",
  "support",
])

/** Tests in a room that are of more than one of its files. */
const testsOfSeveral = new Set(["net/explorer", "net/many-ends", "protocol/http/smuggling"])

/** Files without a test of their own: a glob below src/, why, and the test that would notice. */
const without: ReadonlyArray<readonly [glob: string, why: string, noticedBy: string]> = [
  ["main.ts", "the program itself", "e2e/commands"],
  ["plain-fibers.ts", "one statement that must come first", "architecture/plain-fibers"],
  [
    "admin/page/{*.tsx,poll.ts,columns.ts}",
    "only a browser shows it; what it computes has tests",
    "browser/status-page",
  ],
  ["capture/redact/**/*.ts", "formats and rules of a redaction, which is tested whole", "capture/redact/redactor"],
  ["admin/captures/bearer.ts", "asked before every answer of its room", "admin/captures/captures"],
  ["admin/served.ts", "part of every listener of its room", "admin/admin"],
  ["cli/clients/{bypass,outbound}.ts", "parts of what `env` prints", "cli/clients/env"],
  ["cli/command-line/{outcome,yaml}.ts", "what commands end with, and a library's parser", "cli/check-config"],
  [
    "cli/completions/{completable,completions-*}.ts",
    "the scripts of the shells, which those shells run",
    "cli/completions/completions",
  ],
  ["cli/help/{markdown,reference}.ts", "the same words for documents, which are compared", "architecture/docs"],
  ["cli/run/{reap,spawn}.ts", "what `child` does with processes", "cli/run/child"],
  ["cli/run/{operators,ports-file,run}.ts", "the command from end to end", "e2e/commands"],
  ["cli/records/{records,write}.ts", "the commands from end to end", "e2e/records"],
  ["cli/records/find.ts", "how `show` and `diff` find what they show", "cli/records/show"],
  ["cli/{running,watch}/*.ts", "clients of a running proxy", "e2e/top"],
  ["config/{exit-codes,find}.ts", "constants, and a look-up that reading settings is made of", "config/sources"],
  ["flow/{flow,levels,shortfalls}.ts", "records and constants that others fill and read", "observe/access/access-log"],
  ["net/common/{drain-signal,half-close,progress}.ts", "what an exchange ends by", "net/http/exchange-ends"],
  [
    "net/http/{client-connection,download,pairing,request-timer,transaction,upload}.ts",
    "parts of an exchange, which is played whole",
    "net/http/exchange",
  ],
  ["capture/filter/{is-probe,message-text}.ts", "fields of a filter", "capture/filter/record-filter"],
  ["capture/worker/{worker,record-thread}.ts", "the program of the thread", "capture/worker/maker-thread"],
  ["capture/live/make-lines.ts", "what a capture's maker does", "capture/live/capture"],
  ["capture/recorder/{common-fields,make-stream}.ts", "parts of a record", "capture/recorder/stream-recording"],
  ["protocol/recording.ts", "interfaces", "capture/recorder/recording"],
  ["net/polled/{end-state,polled-sockets,runtime-epoll}.ts", "parts of polled sockets", "net/common/end"],
  ["net/runtime/routed-sockets.ts", "the runtime's sockets with one error named anew", "faults/network"],
  ["net/sockets/descriptor-budget.ts", "a process has one of them", "attacks/descriptors"],
  ["observe/telemetry/{telemetry,wants-telemetry}.ts", "what is sent to a collector", "e2e/telemetry"],
  ["protocol/ascii.ts", "constants", "protocol/http/scan"],
  ["protocol/handshake.ts", "constructors of the values that every handshake returns", "protocol/socks/socks5"],
  ["protocol/http/passive/*.ts", "parts of the follower, which is tested whole", "protocol/http/passive/follower"],
  ["proxy/{app,bind,listener-context,observer,open-connections}.ts", "the parts put together", "e2e/modes"],
  ["proxy/progress.ts", "what a connection is doing, in its own words", "proxy/connection"],
  ["proxy/drain.ts", "a drain from end to end", "e2e/drain"],
  ["system/load-libc.ts", "loads what the poller calls", "net/polled/poller"],
  ["system/proc.ts", "one read of a file", "cli/run/terminal"],
]

const scan = (pattern: string): ReadonlyArray<string> =>
  [...new Bun.Glob(pattern).scanSync({ cwd: root })].filter((path) => !path.includes("node_modules/")).toSorted()

const nameOf = (path: string): string => path.replace(/^(src|test)\//, "").replace(/(\.test)?\.tsx?$/, "")
const sources = scan("src/**/*.{ts,tsx}")
const tests = scan("test/**/*.test.ts")
const sourceNames = new Set(sources.map(nameOf))
const testNames = new Set(tests.map(nameOf))
const rooms = new Set([...sourceNames].filter((name) => name.includes("/")).map((name) => name.split("/")[0]!))

const read = (path: string) => Bun.file(join(root, path)).text()

/** Whether a test has the name of a file and of a part of what it tests. */
const isPart = (name: string): boolean => [...sourceNames].some((source) => name.startsWith(`${source}-`))

/** What exports types and nothing else is the compiler's to check. */
const holdsTypesOnly = (code: string): boolean => /^export /m.test(code) && !/^export (?!type |interface )/m.test(code)

/** Every file of src/ that a test of the same folder names: that test is of both. */
const namedBeside = async (): Promise<ReadonlySet<string>> => {
  const found = new Set<string>()
  for (const path of tests) {
    for (const [, name = ""] of (await read(path)).matchAll(/from "(\.[^"]+\/src\/[^"]+)"/g)) {
      const source = join(dirname(path), name)
      if (dirname(nameOf(source)) === dirname(nameOf(path))) found.add(nameOf(source))
    }
  }
  return found
}

test("every folder of tests is a room of src/, or stands in the list", () => {
  const folders = new Set(tests.map((path) => path.split("/")[1]!))
  expect([...folders].filter((folder) => !rooms.has(folder) && !otherFolders.has(folder))).toEqual([])
  expect([...otherFolders].filter((folder) => rooms.has(folder) || !folders.has(folder))).toEqual([])
})

test("every test in a room is that of a file of src/", () => {
  const inRooms = [...testNames].filter((name) => rooms.has(name.split("/")[0]!))
  const strays = inRooms.filter((name) => !sourceNames.has(name) && !isPart(name))
  expect(strays).toEqual([...testsOfSeveral].toSorted())
})

test("every file of src/ has a test, or stands in the list with the test that would notice", async () => {
  const beside = await namedBeside()
  const untested: Array<string> = []
  for (const path of sources) {
    const name = nameOf(path)
    if (!testNames.has(name) && !beside.has(name) && !holdsTypesOnly(await read(path)))
      untested.push(path.slice("src/".length))
  }
  const globs = without.map(([glob]) => [glob, new Bun.Glob(glob)] as const)
  expect(untested.filter((path) => !globs.some(([, glob]) => glob.match(path)))).toEqual([])
  expect(globs.filter(([, glob]) => !untested.some((path) => glob.match(path))).map(([glob]) => glob)).toEqual([])
})

test("the tests that would notice are there", () => {
  const missing = without.filter(
    ([, , by]) => !testNames.has(by) && !tests.some((path) => path.startsWith(`test/${by}/`)),
  )
  expect(missing).toEqual([])
})
