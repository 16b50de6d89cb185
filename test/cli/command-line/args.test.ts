import { describe, expect, test } from "bun:test"
import * as Result from "effect/Result"
import { type Invocation, parse } from "../../../src/cli/command-line/args.ts"
import { commandNames, languages, shells } from "../../../src/cli/command-line/commands.ts"
import { allOptions } from "../../../src/config/options.ts"
import { fuzz } from "../../support/random.ts"

const parsed = (...argv: ReadonlyArray<string>): Invocation => Result.getOrThrow(parse(argv))
const problem = (...argv: ReadonlyArray<string>): string => {
  const error = Result.getOrThrow(Result.flip(parse(argv)))
  expect(error.exitCode).toBe(2)
  expect(error.message).not.toContain("\n")
  return error.message
}
const plain: Invocation = {
  command: "run",
  topic: undefined,
  language: undefined,
  filter: "",
  operands: [],
  shell: undefined,
  flags: [],
  rest: undefined,
  json: false,
  k8s: false,
  dialect: undefined,
  given: new Map(),
}

describe("commands", () => {
  test("what follows top and tap is one filter", () => {
    expect(parsed("tap", "host", "~", "api", "--json", "status", "!=", "5xx")).toMatchObject({
      command: "tap",
      filter: "host ~ api status != 5xx",
      json: true,
    })
    const home = process.env["HOME"] ?? ""
    expect(problem("tap", "host", home, "api")).toBe(
      `the filter holds "${home}", which the shell puts in place of ~; quote the filter: pillion tap 'host ~ api'`,
    )
    expect(parsed("tap", "path", "=", home)).toMatchObject({ filter: `path = ${home}` })
    expect(parsed("tap", `path = ${home}`, home)).toMatchObject({ filter: `path = ${home} ${home}` })
    expect(parsed("top")).toMatchObject({ command: "top", filter: "" })
  })

  test("what follows those that read records is one filter, whose fields are theirs", () => {
    const home = process.env["HOME"] ?? ""
    for (const command of ["ls", "save", "redact"]) {
      expect(parsed(command, "json.a", "=", "1", "-probe", "--limit", "5")).toMatchObject({
        command,
        filter: "json.a = 1 -probe",
        given: new Map([["limit", "5"]]),
      })
      expect(problem(command, "header.x-id", home, "api")).toEndWith(`pillion ${command} 'header.x-id ~ api'`)
    }
    expect(parsed("export", "har", "host:api", "or", "id:1")).toMatchObject({
      operands: ["har"],
      filter: "host:api or id:1",
    })
    expect(parsed("tap", "header.x-id", home)).toMatchObject({ filter: `header.x-id ${home}` })
  })

  test("words that a command needs come before its filter, as many as it takes", () => {
    expect(parsed("show", "7c11e4")).toMatchObject({ command: "show", operands: ["7c11e4"], filter: "" })
    expect(parsed("--from=-", "diff", "7c11e4", "9d0a52")).toMatchObject({ operands: ["7c11e4", "9d0a52"] })
    expect(parsed("lint", "a", "b", "c")).toMatchObject({ operands: ["a", "b", "c"] })
    expect(parsed("search", "--", "-----BEGIN")).toMatchObject({ operands: ["-----BEGIN"], rest: undefined })
    expect(parsed("show", "--help")).toMatchObject({ command: "help", topic: "show" })
    expect(problem("show")).toBe("show needs the end of an id, which pillion ls shows: see pillion help show")
    expect(problem("diff", "7c11e4")).toStartWith("diff needs the ends of two ids")
    expect(problem("show", "7c11e4", "x")).toBe('show does not know "x"; see pillion help show')
    expect(problem("search", "out", "of", "stock")).toBe(
      "search looks for one text; quote it: pillion search 'out of stock'",
    )
    expect(problem("export", "hra")).toBe('export does not know "hra": write har or curl; did you mean har?')
    expect(problem("lint")).toStartWith("lint needs a directory of cases")
    expect(problem("capture")).toBe("capture needs on, off or status: see pillion help capture")
  })

  test("a flag has the values that it knows, or any", () => {
    expect(parsed("show", "7c11e4", "--raw=request", "--from", "-").given).toEqual(
      new Map([
        ["raw", "request"],
        ["from", "-"],
      ]),
    )
    expect(problem("show", "7c11e4", "--body", "head")).toBe('--body does not know "head": write request or response')
    expect(problem("ls", "--from")).toStartWith("--from needs a value")
    expect(problem("ls", "--tree=yes")).toBe("--tree takes no value")
    expect(problem("tap", "--tree")).toBe("tap takes no --tree")
    expect(problem("lint", "a", "--proxy-port", "1")).toBe("lint takes no --proxy-port")
  })

  test("a word of a filter may begin with a dash, and flags stay flags", () => {
    expect(parsed("tap", "-path:/health", "host:api", "--json", "-(a", "or", "b)", "-h1", "-V:x")).toMatchObject({
      filter: "-path:/health host:api -(a or b) -h1 -V:x",
      json: true,
    })
    expect(parsed("--admin-port", "4100", "top", "-probe")).toMatchObject({
      command: "top",
      filter: "-probe",
      flags: [["admin-port", "4100"]],
    })
    expect(parsed("tap", "-path:/health", "-h")).toMatchObject({ command: "help", topic: "tap" })
    expect(parsed("tap", "-V")).toMatchObject({ command: "version" })
    expect(problem("tap", "--path:/health")).toStartWith("unknown flag --path:/health")
    expect(problem("-path:/health", "tap")).toStartWith("unknown flag -p")
    expect(problem("drain", "-path:/health")).toStartWith("unknown flag -p")
  })

  test("run is the default", () => {
    expect(parsed()).toEqual(plain)
    expect(parsed("run")).toEqual(plain)
  })

  test.each(["check-config", "healthcheck", "drain", "version", "env"] as const)("%s is one", (command) => {
    expect(parsed(command)).toEqual({ ...plain, command })
  })

  test("may stand before and after flags", () => {
    const expected: Invocation = { ...plain, command: "check-config", flags: [["proxy-type", "dual"]] }
    expect(parsed("check-config", "--proxy-type", "dual")).toEqual(expected)
    expect(parsed("--proxy-type", "dual", "check-config")).toEqual(expected)
  })

  test("that are unknown are refused with a did-you-mean", () => {
    expect(problem("chek-config")).toBe('unknown command "chek-config"; did you mean check-config?')
    expect(problem("node", "app.js")).toBe('unknown command "node"; to start a program write: pillion run -- node')
    expect(problem("constructor")).toContain("unknown command")
    expect(problem("two\nlines")).toContain("pillion run -- two\\nlines")
  })

  test("take no words that they do not know", () => {
    expect(problem("run", "node")).toBe('run does not know "node"; to start a program write: pillion run -- node')
    expect(problem("drain", "now")).toBe('drain does not know "now"; see pillion help drain')
  })
})

describe("env", () => {
  test.each(languages)("%s is a language", (language) => {
    const given = new Map([["k8s", true as const]] as const)
    expect(parsed("env", language, "--k8s")).toEqual({ ...plain, command: "env", language, k8s: true, given })
  })

  test("another language is refused with a did-you-mean", () => {
    expect(problem("env", "jav")).toContain("write go, python, node, java, dotnet, ruby or curl; did you mean java?")
  })
})

describe("completions", () => {
  test.each(shells)("%s is a shell", (shell) => {
    expect(parsed("completions", shell)).toEqual({ ...plain, command: "completions", shell })
  })

  test("another shell is refused", () => {
    expect(problem("completions", "tcsh")).toContain('completions does not know "tcsh": write bash, zsh or fish')
  })
})

describe("run --", () => {
  test("keeps the program and its arguments as they are", () => {
    const rest = ["node", "app.js", "--proxy-type", "x", "--", "-h", ""]
    expect(parsed("run", "--proxy-port", "8080", "--", ...rest)).toEqual({
      ...plain,
      flags: [["proxy-port", "8080"]],
      rest,
    })
    expect(parsed("--", "ls")).toEqual({ ...plain, rest: ["ls"] })
  })

  test("needs a program, and is only for run and record, which cannot do without", () => {
    expect(problem("run", "--")).toBe("after -- the program to start is missing")
    expect(problem("record", "--")).toBe("after -- the program to start is missing")
    expect(problem("record")).toBe("record needs a program: pillion record -- CMD")
    expect(problem("record", "npm")).toBe('record does not know "npm"; to start a program write: pillion record -- npm')
    expect(parsed("record", "--capture", "c", "--", "npm", "test")).toEqual({
      ...plain,
      command: "record",
      flags: [["capture", "c"]],
      rest: ["npm", "test"],
    })
    expect(problem("check-config", "--", "ls")).toBe("check-config starts no program: only run and record take --")
  })
})

describe("flags", () => {
  test.each(allOptions.map(({ name, kind }) => [name, kind.shape] as const))("--%s is one", (name, shape) => {
    expect(parsed(`--${name}=a=b`).flags).toEqual([[name, "a=b"]])
    if (shape !== "switch") expect(parsed(`--${name}`, "x").flags).toEqual([[name, "x"]])
  })

  test("keep their order and may be repeated", () => {
    expect(parsed("--resolve", "a", "--proxy-port=1", "--resolve=b").flags).toEqual([
      ["resolve", "a"],
      ["proxy-port", "1"],
      ["resolve", "b"],
    ])
  })

  test("that are boolean mean true alone, and take true or false either way", () => {
    expect(parsed("--proxy-strict").flags).toEqual([["proxy-strict", true]])
    expect(parsed("--access-log=False").flags).toEqual([["access-log", "False"]])
    expect(parsed("--access-log", "false", "run").flags).toEqual([["access-log", "false"]])
    expect(parsed("--proxy-strict", "drain")).toEqual({ ...plain, command: "drain", flags: [["proxy-strict", true]] })
  })

  test("a value is not judged here", () => {
    expect(parsed("--proxy-port=", "--config", "-").flags).toEqual([
      ["proxy-port", ""],
      ["config", "-"],
    ])
  })

  test.each(["--proxy-type", "--proxy-type --json", "--proxy-type -h", "--proxy-type -- ls"])(
    "%s needs a value",
    (line) => {
      expect(problem(...line.split(" "))).toStartWith("--proxy-type needs a value")
    },
  )

  test.each([
    ["--proxy-typ", "unknown flag --proxy-typ; did you mean --proxy-type?"],
    ["--proxyInPort=1", "unknown flag --proxyInPort; did you mean --proxy-in-port?"],
    ["--no-access-log", "unknown flag --no-access-log; write --access-log=false"],
    ["--no-such-thing", "unknown flag --no-such-thing"],
    ["--constructor", "unknown flag --constructor"],
    ["-x", "unknown flag -x"],
    ["-hx", "unknown flag -x"],
  ])("%s is unknown", (flag, message) => {
    expect(problem(flag)).toBe(message)
  })

  test("--json and --k8s belong to the commands that print something", () => {
    for (const command of ["check-config", "env", "version", "healthcheck"])
      expect(parsed(command, "--json").json).toBe(true)
    expect(problem("--json")).toBe("run takes no --json")
    expect(problem("check-config", "--k8s")).toBe("check-config takes no --k8s")
    expect(problem("check-config", "--json=1")).toBe("--json takes no value")
  })

  test("--shell takes the shells that env knows", () => {
    expect(parsed("env", "--shell", "fish")).toMatchObject({ command: "env", dialect: "fish" })
    expect(parsed("env", "go", "--shell=bash")).toMatchObject({ language: "go", dialect: "bash" })
    expect(problem("env", "--shell", "csh")).toBe('--shell does not know "csh": write sh, bash, zsh or fish')
    expect(problem("env", "--shell")).toStartWith("--shell needs a value")
    expect(problem("run", "--shell", "fish")).toBe("run takes no --shell")
  })

  test("version takes no options of the proxy", () => {
    expect(problem("version", "--proxy-type", "dual")).toBe("version takes no --proxy-type")
  })
})

describe("help and version", () => {
  test.each(["--help", "-h", "help", "--proxy-type dual --help"])("%s explains the program", (line) => {
    expect(parsed(...line.split(" "))).toMatchObject({ command: "help", topic: undefined })
  })

  test.each(commandNames.filter((name) => name !== "help"))("%s is explained by help, --help and -h", (name) => {
    for (const argv of [
      ["help", name],
      [name, "--help"],
      [name, "-h"],
      ["--help", name],
    ]) {
      expect(parsed(...argv)).toMatchObject({ command: "help", topic: name })
    }
  })

  test("help of an unknown command is refused", () => {
    expect(problem("help", "rnu")).toBe('unknown command "rnu"; did you mean run?')
  })

  test.each(["--version", "-V", "version", "--version --json"])("%s is the version", (line) => {
    expect(parsed(...line.split(" "))).toMatchObject({ command: "version", flags: [], json: line.includes("--json") })
  })
})

test("no command line makes the parser throw", () => {
  const words = [
    "run",
    "help",
    "env",
    "--",
    "-",
    "-h",
    "--json",
    "--access-log",
    "true",
    "--config",
    "--config=",
    "--x",
    "-xyz",
    "",
    "=",
    "--=",
    "--proxy-type",
  ]
  fuzz(500, (random) => {
    const result = parse(Array.from({ length: random.below(6) }, () => random.pick(words)))
    if (Result.isFailure(result)) expect(result.failure.exitCode).toBe(2)
  })
})
