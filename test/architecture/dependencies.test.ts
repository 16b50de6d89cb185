/** The rules of the rooms: who may import whom, and who may name what. To change a rule, change a line of the table. */
import { expect, test } from "bun:test"
import { dirname, join, normalize } from "node:path"

const root = join(import.meta.dir, "../..")

/** What several rooms stand on: pure decisions, what is known of a connection, the machine. */
const ground = "protocol flow system"
const ends = `${ground} net/common net/sockets`
const carriers = `${ground} net/common net/splice`
const watching = "observe/output observe/log observe/access observe/metrics"
/** What every family of commands may use: the command line itself, and the settings that it leads to. */
const commands = "protocol flow config cli/command-line"

/**
 * Every folder of src/, from the ground up → the folders that it may import from beside itself, then what else it may
 * name. `.` is src/ itself. A folder's files may not need its own parent, unless that is ground for them (protocol).
 */
const rooms: Record<string, readonly [rooms: string, names: string]> = {
  protocol: ["", ""],
  "protocol/http": ["protocol", ""],
  "protocol/http/passive": ["protocol protocol/http", ""],
  "protocol/socks": ["protocol", ""],
  "protocol/tls": ["protocol", ""],
  "protocol/websocket": ["protocol", ""],
  "protocol/detect": ["protocol protocol/http protocol/socks protocol/tls", ""],
  flow: ["protocol", "effect"],
  system: ["protocol flow", "node Bun"],
  "observe/filter": ["protocol flow", ""],
  // What was captured, as values: reading and writing files, decoding and hashing are done for it.
  capture: ["protocol flow", ""],
  "capture/coding": ["protocol capture", "node"],
  // What is copied while it passes, and the record that becomes of it; the clock and the inflating are given to it.
  "capture/recorder": ["protocol protocol/http protocol/tls protocol/websocket capture", ""],
  // In what two records differ.
  "capture/diff": ["capture", ""],
  // Of what was redacted, what may be a secret all the same.
  "capture/suspects": ["capture", ""],
  "capture/filter": ["flow protocol protocol/http observe/filter capture", ""],
  // Options whose values are filters of records are judged as those are.
  config: ["protocol flow observe/filter capture/filter", "effect"],
  "capture/case": ["flow capture", ""],
  "capture/redact/shapes": ["protocol", ""],
  // Where records are kept in files: what is decided about them is in files of its own.
  "capture/directory": ["protocol flow capture", "node Bun"],
  // The key, the clock and the rules file are given to it.
  "capture/redact": ["protocol capture/redact/shapes", ""],
  // What becomes a record, and what of that is secret: plain data, made into functions.
  "capture/policy": ["protocol observe/filter capture capture/filter capture/redact", ""],
  // The capture of a running proxy; who makes records, and the turns of the event loop, are given to it as well.
  "capture/live": ["protocol capture capture/recorder capture/policy", ""],
  // The thread that makes records and writes them.
  "capture/worker": [
    "system protocol capture capture/coding capture/directory capture/recorder capture/policy capture/live",
    "node Bun",
  ],
  "observe/output": ["", "node"],
  "observe/log": ["flow observe/output", "node"],
  "observe/access": ["protocol flow observe/output observe/filter", "effect node"],
  "observe/metrics": ["protocol flow observe/log capture capture/live capture/redact", "effect node"],
  "observe/telemetry": [`protocol flow ${watching}`, "effect node"],
  "net/common": [ground, ""],
  "net/sockets": [`${ground} net/common`, "effect node Bun"],
  "net/polled": [ends, "node Bun"],
  "net/runtime": [ends, "Bun"],
  "net/dial": [ends, "effect node Bun"],
  "net/splice": [`${ground} net/common`, "effect Bun"],
  "net/tunnel": [`${carriers} protocol/tls`, ""],
  "net/http": [`${carriers} net/sockets protocol/http protocol/http/passive protocol/detect`, ""],
  net: [`${ends} net/polled net/runtime protocol/http protocol/socks protocol/detect`, "effect"],
  proxy: [
    `${ends} net net/dial net/splice net/tunnel net/http protocol/http protocol/http/passive protocol/detect config ${watching}`,
    "effect",
  ],
  admin: ["flow observe/output observe/log observe/access observe/filter", "effect node Bun"],
  "admin/captures": ["flow observe/filter capture capture/filter admin", "effect node Bun"],
  // Runs in a browser: it knows the program only by what its listener answers, and speaks the language of its filters.
  "admin/page/model": ["observe/filter capture", ""],
  "admin/page/parts": ["admin/page/model", "preact uplot"],
  "admin/page/drawer": ["capture admin/page/model admin/page/parts", "preact"],
  "admin/page": ["admin/page/model admin/page/parts admin/page/drawer", "preact"],
  "cli/command-line": ["flow config observe/filter capture/filter system", "effect node Bun"],
  "cli/capture": [`${commands} capture/policy`, "effect node"],
  "cli/completions": [`${commands} observe/filter capture/filter`, "effect"],
  "cli/help": [commands, ""],
  "cli/running": [`${commands} capture`, "effect node"],
  "cli/clients": [`${commands} cli/running`, "effect"],
  "cli/watch": [
    `${commands} observe/output observe/log observe/access observe/filter observe/metrics admin capture capture/filter cli/running`,
    "effect node",
  ],
  "cli/records": [
    `${commands} system observe/log observe/filter admin/captures capture capture/filter capture/case capture/diff capture/policy capture/suspects capture/directory cli/running cli/capture`,
    "effect node",
  ],
  "cli/run": [
    `${commands} system ${watching} observe/telemetry net net/dial proxy admin admin/captures capture capture/directory capture/filter capture/live capture/policy capture/worker cli/capture cli/running cli/clients`,
    "effect node Bun",
  ],
  cli: [`${commands} system`, "effect node"],
  ".": [
    "flow config observe/log cli cli/capture cli/command-line cli/run cli/running cli/clients cli/watch cli/records cli/completions cli/help",
    "effect node",
  ],
}

/** Every file that fits, by its path from the root: its text, and its code without comments. */
const read = async (pattern: string): Promise<ReadonlyArray<{ path: string; text: string; code: string }>> => {
  const paths = [...new Bun.Glob(pattern).scanSync({ cwd: root, dot: true })]
  const ours = paths.filter((path) => !/^(.*\/)?(node_modules|dist|\.git)(\/|$)/.test(path)).toSorted()
  const texts = await Promise.all(ours.map((path) => Bun.file(join(root, path)).text()))
  return texts.map((text, i) => ({ path: ours[i]!, text, code: text.replace(/\/\*.*?\*\/|(^|\s)\/\/ .*?$/gms, "") }))
}

const sources = await read("src/**/*.{ts,tsx}")
/** The folder of a file of src/, without `src/`; `.` is src/ itself. */
const roomOf = (path: string): string => normalize(dirname(path)).replace(/^src\/?/, "") || "."
const wordsOf = (text: string): ReadonlyArray<string> => text.split(" ").filter((word) => word !== "")
const imports = (code: string): ReadonlyArray<string> =>
  [...code.matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1]!)
/** The files of src/ that a file imports, by path from the root. */
const locals = (path: string, code: string): ReadonlyArray<string> =>
  imports(code)
    .filter((name) => name.startsWith("."))
    .map((name) => normalize(join(dirname(path), name)))
    .filter((file) => file.startsWith("src/"))

test("there is something to check, every folder has its line in the table, and every line names folders that are there", () => {
  const folders = new Set(sources.map(({ path }) => roomOf(path)))
  expect(folders.size).toBeGreaterThan(20)
  const named = Object.entries(rooms).flatMap(([room, [others]]) => wordsOf(`${room} ${others}`))
  expect(new Set(named)).toEqual(folders)
})

test("no line of the table names a folder that stands below it", () => {
  const order = Object.keys(rooms)
  const up = Object.entries(rooms).flatMap(([room, [others]]) =>
    wordsOf(others).flatMap((other) => (order.indexOf(other) < order.indexOf(room) ? [] : [`${room} needs ${other}`])),
  )
  expect(up).toEqual([])
})

test("a room imports only from the rooms that its line names", () => {
  const wrong = sources.flatMap(({ path, code }) => {
    const room = roomOf(path)
    const allowed = new Set([room, ...wordsOf(rooms[room]?.[0] ?? "")])
    return locals(path, code).flatMap((file) => (allowed.has(roomOf(file)) ? [] : [`${path} imports ${file}`]))
  })
  expect(wrong).toEqual([])
})

test("a room names Bun, effect, Node and what else is not ours only where its line says so, and protocol not even Buffer or process", () => {
  const named: Record<string, (code: string) => boolean> = {
    Bun: (code) => /\bBun\b/.test(code.replace(/"[^"\n]*"/g, "")) || imports(code).some((name) => /^bun\b/.test(name)),
    preact: (code) => imports(code).some((name) => /^preact\b/.test(name)),
    uplot: (code) => imports(code).includes("uplot"),
    effect: (code) => imports(code).some((name) => /^effect\b/.test(name)),
    node: (code) => /\b(process|Buffer)\b/.test(code.replace(/"[^"\n]*"/g, "")) || /"node:/.test(code),
  }
  const wrong = sources.flatMap(({ path, code }) => {
    const allowed = rooms[roomOf(path)]?.[1].split(" ") ?? []
    const found = Object.keys(named).filter((name) => !allowed.includes(name) && named[name]?.(code))
    return found.map((name) => `${path} names ${name}`)
  })
  expect(wrong).toEqual([])
})

/** The folders of the picture, line by line, from its top: `main.ts` stands for src/ itself. */
const pictured = (text: string): ReadonlyArray<ReadonlyArray<string>> =>
  text
    .split("\n")
    .filter((line) => line.startsWith("│"))
    .map((line) => wordsOf(line.replaceAll("│", " ")).map((word) => (word === "main.ts" ? "." : word)))

/** Who stands in a picture no lower than somebody who may import it. */
const upwards = (lines: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const lineOf = (room: string): number => lines.findIndex((line) => line.includes(room))
  return Object.entries(rooms).flatMap(([room, [others]]) =>
    wordsOf(others).flatMap((other) => (lineOf(other) > lineOf(room) ? [] : [`${room} needs ${other}`])),
  )
}

test("the picture of docs/architecture.md shows every folder of the table once, below all that may import it", async () => {
  const lines = pictured(await Bun.file(join(root, "docs/architecture.md")).text())
  expect(lines.flat().toSorted()).toEqual(Object.keys(rooms).toSorted())
  expect(upwards(lines)).toEqual([])
  // Upside down nearly every arrow points up.
  expect(upwards(lines.toReversed()).length).toBeGreaterThan(50)
})

/** The first way round in a graph, each place once and the first again at its end; empty where there is none. */
const cycleOf = (graph: ReadonlyMap<string, ReadonlyArray<string>>): ReadonlyArray<string> => {
  const done = new Set<string>()
  const from = (place: string, way: ReadonlyArray<string>): ReadonlyArray<string> => {
    if (way.includes(place)) return [...way.slice(way.indexOf(place)), place]
    if (done.has(place)) return []
    const found = (graph.get(place) ?? []).map((next) => from(next, [...way, place])).find((each) => each.length > 0)
    done.add(place)
    return found ?? []
  }
  return [...graph.keys()].map((place) => from(place, [])).find((way) => way.length > 0) ?? []
}

test("a way round is found where there is one", () => {
  const graph = new Map([
    ["a", ["b"]],
    ["b", ["c", "d"]],
    ["d", ["b"]],
  ])
  expect(cycleOf(graph)).toEqual(["b", "d", "b"])
  expect(cycleOf(new Map([["a", ["b"]]]))).toEqual([])
})

test("no file of src/ reaches itself through its imports", () => {
  expect(cycleOf(new Map(sources.map(({ path, code }) => [path, locals(path, code)])))).toEqual([])
})

test("no folder of src/ reaches itself through the imports of its files", () => {
  const graph = new Map<string, Array<string>>()
  for (const { path, code } of sources) {
    const room = roomOf(path)
    const others = locals(path, code).map(roomOf)
    graph.set(room, [...(graph.get(room) ?? []), ...others.filter((other) => other !== room)])
  }
  expect(cycleOf(graph)).toEqual([])
})

/** What is loaded with a file: all that it reaches by imports that neither wait nor are of types or for a macro alone. */
const loadedWith = (path: string): ReadonlySet<string> => {
  const loaded = new Set([path])
  for (const each of loaded) {
    const code = sources.find((source) => source.path === each)?.code ?? ""
    for (const [, name = ""] of code.matchAll(/^import (?!type\b)(?:[^"]*? from )?"([^"]+)"(?! with )/gm)) {
      loaded.add(name.startsWith(".") ? normalize(join(dirname(each), name)) : name)
    }
  }
  return loaded
}

test("a command does not load what only another needs, nor the proxy what is off or runs in a thread", () => {
  const seldom = [
    "src/capture/policy/policy.ts",
    "src/capture/redact/redactor.ts",
    "src/observe/telemetry/telemetry.ts",
    "node:crypto",
    "node:http",
    "node:net",
  ]
  const [main, run] = [loadedWith("src/main.ts"), loadedWith("src/cli/run/run.ts")]
  expect([main.has("src/cli/help/help.ts"), run.has("src/proxy/app.ts")]).toEqual([true, true])
  expect(["src/cli/run/run.ts", "src/cli/records/records.ts", ...seldom].filter((name) => main.has(name))).toEqual([])
  expect(seldom.filter((name) => run.has(name))).toEqual([])
})

test("there is no barrel, no default export, and no import of effect but by subpath", async () => {
  const code = await read("{src,test,scripts,bench}/**/*.{ts,tsx}")
  expect(code.filter(({ path }) => path.endsWith("/index.ts")).map(({ path }) => path)).toEqual([])
  expect(code.filter(({ code }) => /^export default\b|^export \* from\b/m.test(code)).map(({ path }) => path)).toEqual(
    [],
  )
  expect(code.filter(({ code }) => imports(code).includes("effect")).map(({ path }) => path)).toEqual([])
})

test("no file names a path of somebody's machine, or a package registry", async () => {
  const files = (await read("**/*")).filter(({ path }) => !path.startsWith("test/architecture/"))
  const machine = /\/(work|root|home|Users)\/\w|\bregistry\.[a-z]|npmmirror|verdaccio|artifactory/m
  expect(files.filter(({ text }) => machine.test(text)).map(({ path }) => path)).toEqual([])
})
