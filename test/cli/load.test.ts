import { afterAll, beforeAll, describe, expect, test } from "bun:test"
import { mkdtempSync, rmSync } from "node:fs"
import { networkInterfaces, tmpdir } from "node:os"
import { join } from "node:path"
import * as Result from "effect/Result"
import { load, openFilesLimit } from "../../src/cli/load.ts"
import type { Flags } from "../../src/config/find.ts"

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "pillion-load-"))
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const file = async (name: string, text: string): Promise<string> => {
  await Bun.write(join(folder, name), text)
  return join(folder, name)
}
const tryLoad = (flags: Flags, env: Readonly<Record<string, string>> = {}, annotationsFile = join(folder, "absent")) =>
  load(flags, { env, annotationsFile })
const problem = (...given: Parameters<typeof tryLoad>): string => {
  const error = Result.getOrThrow(Result.flip(tryLoad(...given)))
  expect(error.exitCode).toBe(78)
  expect(error.message).not.toContain("\n")
  return error.message
}
const originOf = (name: string, ...given: Parameters<typeof tryLoad>) => {
  const found = Result.getOrThrow(tryLoad(...given)).origins.find(({ option }) => option === name)
  return [found?.value, found?.origin]
}

describe("the annotations file", () => {
  const text = 'sidecar.speedscale.com/proxy-port="8080"'

  test("may be absent where it was not named", () => {
    expect(originOf("annotations-file", [])).toEqual([null, "default"])
    expect(originOf("annotations-file", [], {}, "/dev/null/annotations")).toEqual([null, "default"])
  })

  test("is read from its default path", async () => {
    const path = await file("podinfo", text)
    expect(originOf("proxy-port", [], {}, path)).toEqual([
      8080,
      `annotation sidecar.speedscale.com/proxy-port in ${path}`,
    ])
    expect(originOf("annotations-file", [], {}, path)).toEqual([path, "default"])
  })

  test("is read from where a flag, the environment or the configuration file say", async () => {
    const path = await file("named", text)
    const config = await file("names.yaml", `annotations-file: ${path}\n`)
    expect(originOf("proxy-port", [["annotations-file", path]])[0]).toBe(8080)
    expect(originOf("proxy-port", [], { PILLION_ANNOTATIONS_FILE: path })[0]).toBe(8080)
    expect(originOf("proxy-port", [["config", config]])[0]).toBe(8080)
  })

  test("that is named but missing is an error", () => {
    const path = join(folder, "missing")
    expect(problem([["annotations-file", path]])).toBe(
      `annotations-file "${path}" (flag --annotations-file) does not exist`,
    )
    expect(problem([], { PILLION_ANNOTATIONS_FILE: folder })).toContain("is a directory, not a file")
  })

  test("that is malformed is an error with line and column", async () => {
    const path = await file("malformed", `${text}\nb=1`)
    expect(problem([], {}, path)).toBe(`annotations file ${path} line 2 column 3: expected a double quote (") after =`)
  })
})

describe("the configuration file", () => {
  test("is YAML with the option names as keys", async () => {
    const path = await file(
      "good.yaml",
      "# a comment\nproxy-type: reverse\nproxy-port: 8080\nproxy-protocol: tcp\naccess-log: false\nresolve:\n  - a:1=127.0.0.1:2\n  - b:1=[::1]:2\n",
    )
    const { settings } = Result.getOrThrow(tryLoad([["config", path]]))
    expect(settings).toMatchObject({
      proxyType: "reverse",
      proxyProtocol: "tcp",
      proxyPort: 8080,
      accessLog: false,
      config: path,
    })
    expect(settings.resolve.length).toBe(2)
    expect(originOf("proxy-port", [], { PILLION_CONFIG: path })).toEqual([8080, `file ${path}`])
  })

  test("may be empty", async () => {
    expect(Result.isSuccess(tryLoad([["config", await file("empty.yaml", "# nothing\n")]]))).toBe(true)
  })

  test("that is missing, a directory or unnamed is an error", () => {
    const path = join(folder, "missing.yaml")
    expect(problem([["config", path]])).toBe(`config "${path}" (flag --config) does not exist`)
    expect(problem([["config", folder]])).toContain("is a directory, not a file")
    expect(problem([["config", ""]])).toBe('config "" (flag --config) is empty: write a path')
    expect(problem([["annotations-file", ""]])).toBe(
      'annotations-file "" (flag --annotations-file) is empty: write a path',
    )
  })

  test.each([
    ["proxy-type: dual\nresolve: [\nproxy-port: 1\n", 2],
    ["proxy-type: 'dual\n", 1],
    ["proxy-type: dual\n\tproxy-port: 1\n", 2],
    ["proxy-type: dual\nproxy-port: a: b\n", 2],
  ])("%j is malformed on line %d", async (text, line) => {
    const path = await file("malformed.yaml", text)
    expect(problem([["config", path]])).toStartWith(`file ${path} line ${line} is not YAML: `)
  })

  test.each([
    ["plain", "proxy-port: 1\n# proxy-port: 2\nlog-level: info # not proxy-port: 3\nproxy-port: 4\n", 1, 4],
    ["quoted", `"proxy-port": 1\n'proxy-port': 2\n`, 1, 2],
    ["in braces", "{ proxy-port: 1, log-level: info,\n  proxy-port: 1 }", 1, 2],
    ["once with a block of its own", "resolve:\n  - a:1=127.0.0.1:1\nproxy-port: 1\nproxy-port : 2", 3, 4],
  ])("a key that stands twice is an error with its line: %s", async (_, text, first, second) => {
    const path = await file("twice.yaml", text)
    expect(problem([["config", path]])).toBe(
      `file ${path} line ${second} holds "proxy-port" again, which stands on line ${first} already`,
    )
  })

  test("a key that is part of another word, a value or a comment stands there once", async () => {
    const text = `# config: proxy-port: 9\nproxy-port: 1\nports-file: "/x: proxy-port: 2"\nlog-level: >-\n  info\npoll: true\n`
    expect(originOf("proxy-port", [["config", await file("once.yaml", text)]])[0]).toBe(1)
  })

  test("with several documents or an unknown key is an error", async () => {
    expect(problem([["config", await file("two.yaml", "a: 1\n---\nb: 2\n")]])).toContain(
      "must hold option names and values",
    )
    expect(problem([["config", await file("unknown.yaml", "proxy-prt: 1\n")]])).toContain("did you mean proxy-port?")
  })

  test("may come from standard input, which a second reading finds again", async () => {
    const script = `
      import { load } from ${JSON.stringify(join(import.meta.dir, "../../src/cli/load.ts"))}
      for (const round of [1, 2]) {
        const loaded = load([["config", "-"]], { env: {}, annotationsFile: "/dev/null/absent" })
        console.log(loaded._tag, loaded.success?.settings.proxyPort, loaded.success?.origins[3].origin)
      }`
    const child = Bun.spawn([process.execPath, "-e", script], {
      stdin: new Blob(["proxy-port: 8080\n"]),
      stdout: "pipe",
    })
    expect(await new Response(child.stdout).text()).toBe("Success 8080 standard input\n".repeat(2))
    expect(await child.exited).toBe(0)
  })
})

describe("the limit of open files", () => {
  test("is the soft one of /proc/self/limits", () => {
    const text =
      "Limit                     Soft Limit           Hard Limit           Units     \nMax open files            4096                 8192                 files     \n"
    expect(openFilesLimit(text)).toBe(4096)
  })

  test("is never unlimited, and has a fallback where /proc does not say", () => {
    expect(openFilesLimit("Max open files            unlimited            unlimited            files\n")).toBe(
      1_048_576,
    )
    expect(openFilesLimit("Max open files            99999999999          unlimited            files\n")).toBe(
      1_048_576,
    )
    expect(openFilesLimit("nothing")).toBe(1024)
    expect(openFilesLimit({ code: "ENOENT" })).toBe(1024)
  })

  test("gives max-connections its default", () => {
    const { settings } = Result.getOrThrow(tryLoad([]))
    expect(settings.maxConnections).toBeGreaterThan(0)
    expect(settings.maxConnections).toBeLessThan(600_000)
  })
})

test("every address of this machine is known as its own", () => {
  const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  expect(own.length).toBeGreaterThan(0)
  for (const { address } of own) {
    const flags = { "proxy-host": address, "proxy-port": "4143" }
    expect(problem(Object.entries(flags))).toContain("own listener")
  }
})
