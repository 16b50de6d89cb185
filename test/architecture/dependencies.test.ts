/** The rules of the rooms: who may import whom, and who may name what. To change a rule, change a line of the table. */
import { expect, test } from "bun:test"
import { dirname, join, normalize } from "node:path"

const root = join(import.meta.dir, "../..")

/** Room → the rooms that it may import from beside itself, then what else it may name. `.` is src/ itself. */
const rooms: Record<string, readonly [rooms: string, names: string]> = {
  protocol: ["", ""],
  flow: ["protocol", "effect"],
  system: ["protocol flow", "effect node Bun"],
  config: ["protocol flow", "effect node"],
  observe: ["protocol flow", "effect node"],
  net: ["protocol flow system observe", "effect node Bun"],
  proxy: ["protocol flow system observe net config", "effect node"],
  admin: ["observe flow", "effect node Bun"],
  // Runs in a browser: it knows the program only by what its listener answers.
  "admin/page": ["", "preact uplot"],
  cli: ["protocol flow system observe net config proxy admin .", "effect node Bun"],
  ".": ["protocol flow system observe net config proxy admin cli", "effect node"],
}

/** Every file that fits, by its path from the root: its text, and its code without comments. */
const read = async (pattern: string): Promise<ReadonlyArray<{ path: string; text: string; code: string }>> => {
  const paths = [...new Bun.Glob(pattern).scanSync({ cwd: root, dot: true })]
  const ours = paths.filter((path) => !/^(.*\/)?(node_modules|dist|\.git)(\/|$)/.test(path)).toSorted()
  const texts = await Promise.all(ours.map((path) => Bun.file(join(root, path)).text()))
  return texts.map((text, i) => ({ path: ours[i]!, text, code: text.replace(/\/\*.*?\*\/|(^|\s)\/\/ .*?$/gms, "") }))
}

const sources = await read("src/**/*.{ts,tsx}")
const roomOf = (path: string): string => {
  const [, room = ".", ...inner] = normalize(dirname(path)).split("/")
  const within = [room, ...inner].join("/")
  return within in rooms ? within : room
}
const imports = (code: string): ReadonlyArray<string> =>
  [...code.matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1]!)
/** The files of src/ that a file imports, by path from the root. */
const locals = (path: string, code: string): ReadonlyArray<string> =>
  imports(code)
    .filter((name) => name.startsWith("."))
    .map((name) => normalize(join(dirname(path), name)))

test("there is something to check, and every room has its line in the table", () => {
  expect(sources.length).toBeGreaterThan(0)
  expect(new Set(sources.map(({ path }) => roomOf(path)).filter((room) => !(room in rooms)))).toEqual(new Set())
})

test("a room imports only from the rooms that its line names", () => {
  const wrong = sources.flatMap(({ path, code }) => {
    const room = roomOf(path)
    const allowed = new Set([room, ...(rooms[room]?.[0].split(" ") ?? [])])
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

test("no file of src/ reaches itself through its imports", () => {
  const graph = new Map(sources.map(({ path, code }) => [path, locals(path, code)]))
  const done = new Set<string>()
  const cycle = (path: string, way: ReadonlyArray<string>): ReadonlyArray<string> => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path]
    if (done.has(path)) return []
    const found = (graph.get(path) ?? []).map((next) => cycle(next, [...way, path])).find((each) => each.length > 0)
    done.add(path)
    return found ?? []
  }
  expect(sources.map(({ path }) => cycle(path, []).join(" → ")).filter((way) => way !== "")).toEqual([])
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
  const machine = /(^|[\s"'`=(:])\/(work|root|home|Users)\/\w|\bregistry\.[a-z]|npmmirror|verdaccio|artifactory/m
  expect(files.filter(({ text }) => machine.test(text)).map(({ path }) => path)).toEqual([])
})
