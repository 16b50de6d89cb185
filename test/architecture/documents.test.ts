/** What the documents show works when it is pasted: commands, flags, filters, scripts, files and links. */
import { expect, test } from "bun:test"
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as Result from "effect/Result"

import manifest from "../../package.json" with { type: "json" }
import { parseRecordFilter } from "../../src/capture/filter/record-filter.ts"
import { type Invocation, parse } from "../../src/cli/command-line/args.ts"
import { commandNames, commands } from "../../src/cli/command-line/commands.ts"
import { parseFilter } from "../../src/observe/filter/entry-filter.ts"

const root = join(import.meta.dir, "../..")
const documents = ["*.md", "docs/*.md", "bench/*.md"]
  .flatMap((pattern) => Array.from(new Bun.Glob(pattern).scanSync({ cwd: root })))
  .toSorted()
const textOf = (document: string): Promise<string> => Bun.file(join(root, document)).text()

/** Blocks of code of one language. */
const blocksOf = (text: string, language: string): ReadonlyArray<string> =>
  [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, of, block = ""]) => (of === language ? [block] : []))

/** The commands of a line for a shell: each a list of words, without variables in front and files that are written. */
const commandsOf = (line: string): ReadonlyArray<ReadonlyArray<string>> => {
  const inner = [...line.matchAll(/\$\(([^()]*)\)/g)].flatMap(([, within = ""]) => commandsOf(within))
  const words = line.replaceAll(/\$\([^()]*\)/g, "SUBSTITUTED").match(/'[^']*'|"[^"]*"|#.*$|[|&;]+|[^\s|&;]+/g) ?? []
  const commands: Array<Array<string>> = [[]]
  for (const word of words) {
    if (word.startsWith("#")) break
    if (/^>[\w./-]+\.\w+$/.test(word)) continue
    if (/^[|&;]+$/.test(word)) commands.push([])
    else commands.at(-1)?.push(word.replace(/^(['"])(.*)\1$/, "$2"))
  }
  return [...inner, ...commands.map((each) => each.slice(each.findIndex((word) => !/^[A-Z_]+=/.test(word))))].filter(
    (each) => each.length > 0,
  )
}

/** Everything in a document that is a command: blocks for a shell line by line, and in a sentence what begins as one. */
const shown = async (document: string): Promise<ReadonlyArray<ReadonlyArray<string>>> => {
  const text = await textOf(document)
  const inSentences = [
    ...text.replaceAll(/^```.*?^```$/gms, "").matchAll(/`((?:dist\/)?pillion [^`]+|bun (?:run )?[^`]+)`/g),
  ]
  const lines = [...blocksOf(text, "sh"), ...blocksOf(text, "")].flatMap((block) => block.split("\n"))
  return [...lines, ...inSentences.flatMap(([, code = ""]) => (code.includes("\\|") ? [] : [code]))].flatMap(commandsOf)
}

const isPillion = (word: string | undefined): boolean => /^(dist\/|\/|\.\/)?pillion$/.test(word ?? "")

/** Of the reference's table of commands, and of words that stand for another. */
const isPattern = (words: ReadonlyArray<string>): boolean =>
  words.some((word) => /[[\]…]|\.\.\.$|^LANGUAGE$|^COMMAND$/.test(word))

test("every command line of Pillion in a document is understood", async () => {
  const wrong: Array<string> = []
  let count = 0
  for (const document of documents) {
    for (const words of await shown(document)) {
      const at = words.findIndex(isPillion)
      // Behind another program's own words (kubectl exec POD -- /pillion top) it counts as well.
      if (at < 0 || (at > 0 && words[at - 1] !== "--" && words[at - 1] !== "sudo") || isPattern(words)) continue
      count++
      const parsed = parse(words.slice(at + 1).filter((word) => word !== "..."))
      if (Result.isFailure(parsed)) wrong.push(`${document}: ${words.join(" ")}: ${parsed.failure.message}`)
    }
  }
  expect(wrong).toEqual([])
  expect(count).toBeGreaterThan(20)
})

const filteredNames = commandNames.filter((name) => commands[name].filter !== undefined)
const filteredCommand = new RegExp(`\\bpillion (?:${filteredNames.join("|")})\\b[^…[]*$`)

/** Where a line goes on that writes a file, or feeds another program. */
const takenOn = / >[\w./-]+\.(?:har|sh)(?= +#|$)| \| (?:gzip|jq)\b[^#]*/

/** From a command that takes a filter on to the end of each line, in documents and in what --help shows. */
const filtered = async (): Promise<ReadonlyArray<string>> => {
  const found: Array<string> = Object.values(commands).flatMap(({ examples }) => examples.map(([line]) => line))
  for (const document of documents) {
    const text = await textOf(document)
    const blocks = [...blocksOf(text, "sh"), ...blocksOf(text, "")].flatMap((block) => block.split("\n"))
    const inSentences = [...text.replaceAll(/^```.*?^```$/gms, "").matchAll(/`([^`\n]+)`/g)].map(
      ([, code = ""]) => code,
    )
    found.push(...blocks, ...inSentences)
  }
  const lines = found.flatMap((line) => filteredCommand.exec(line)?.[0].replace(takenOn, "") ?? [])
  return lines.filter((line) => line.split(" ").length > 2)
}

/** The filter of a command, in the words of what it filters. */
const filterOf = ({ command, filter }: Invocation) =>
  commands[command].filter === "records" ? parseRecordFilter(filter) : parseFilter(filter)

/** What a shell makes of a line that begins with `pillion`: the words that it would be given. */
const wordsIn = async (shell: string, line: string) => {
  const folder = mkdtempSync(join(tmpdir(), "pillion-test-"))
  try {
    // Nothing but builtins can run, and a `~` that the shell replaces is seen.
    const script = `pillion() { printf '%s\\0' "$@"; }\n${line}\n`
    const ran = Bun.spawnSync([shell, "-c", script], { cwd: folder, env: { PATH: "", HOME: "/replaced" } })
    const words = ran.stdout.toString().split("\0").slice(0, -1)
    return { words, errors: ran.stderr.toString(), files: readdirSync(folder) }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test("every filter in a document and in --help reaches Pillion as it is written, through a shell, and is understood", async () => {
  const lines = await filtered()
  const shells = ["/bin/sh", Bun.which("bash"), Bun.which("zsh")].filter((shell) => shell !== null)
  const wrong: Array<string> = []
  for (const line of new Set(lines)) {
    for (const shell of shells) {
      const { words, errors, files } = await wordsIn(shell, line)
      const parsed = parse(words)
      const filter = Result.isSuccess(parsed) ? filterOf(parsed.success) : undefined
      const problem =
        filter?._tag === "Problem" ? filter.problem : Result.isFailure(parsed) ? parsed.failure.message : ""
      const changed = errors !== "" || files.length > 0 || words.some((word) => word.includes("/replaced"))
      if (problem !== "" || changed) wrong.push(`${shell}: ${line}: ${problem} ${errors} ${files.join(" ")}`)
    }
  }
  expect(wrong).toEqual([])
  expect(lines.length).toBeGreaterThan(10)
  expect(shells.length).toBeGreaterThan(0)
})

test("a shell that changes a filter is noticed", async () => {
  expect((await wordsIn("/bin/sh", "pillion tap host ~ api")).words).toEqual(["tap", "host", "/replaced", "api"])
  expect((await wordsIn("/bin/sh", "pillion tap ms > 100")).files).toEqual(["100"])
  expect((await wordsIn("/bin/sh", "pillion tap (a or b)")).errors).not.toBe("")
})

test("every script in a document is one of package.json's, or a file that is there", async () => {
  const wrong: Array<string> = []
  let count = 0
  for (const document of documents) {
    for (const words of await shown(document)) {
      const bun = words.findIndex((word) => /^bun(@[\d.]+)?$/.test(word))
      const [first = "", script = ""] = bun < 0 ? [] : words.slice(bun + 1)
      if (bun < 0 || isPattern(words) || (first === "run" && script === "")) continue
      count++
      const known = first === "run" ? script in manifest.scripts : first === "install" || existsSync(join(root, first))
      if (!known) wrong.push(`${document}: ${words.join(" ")}`)
    }
  }
  expect(wrong).toEqual([])
  expect(count).toBeGreaterThan(15)
})

test("what is for a shell is a shell's language, and what is YAML is YAML", async () => {
  for (const document of documents) {
    const text = await textOf(document)
    for (const block of blocksOf(text, "sh")) {
      const checked = Bun.spawnSync(["sh", "-n"], { stdin: Buffer.from(block) })
      expect([document, checked.exitCode, checked.stderr.toString()]).toEqual([document, 0, ""])
      // A comment must stay one where a shell pastes it, and a filter must not be a redirection.
      expect(block.replaceAll(/'[^']*'|"[^"]*"|#.*$/gm, "")).not.toMatch(/ [~<] | > /)
    }
    for (const block of blocksOf(text, "yaml")) expect(() => Bun.YAML.parse(block)).not.toThrow()
  }
})

test("every link and picture of a document leads somewhere", async () => {
  const wrong: Array<string> = []
  for (const document of documents) {
    const text = (await textOf(document)).replaceAll(/^```.*?^```$|`[^`\n]*`/gms, "")
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue
      const [path = "", anchor] = target.split("#")
      const file = path === "" ? document : join(dirname(document), path)
      const there = existsSync(join(root, file))
      if (!there || (anchor !== undefined && !anchorsOf(await textOf(file)).includes(anchor)))
        wrong.push(`${document}: ${target}`)
    }
  }
  expect(wrong).toEqual([])
})

test("every file and folder of this repository that a document names in code is there", async () => {
  const wrong: Array<string> = []
  let count = 0
  for (const document of documents.filter((path) => path !== "CHANGELOG.md")) {
    const text = (await textOf(document)).replaceAll(/^```.*?^```$/gms, "")
    for (const [, path = ""] of text.matchAll(/`((?:src|test|scripts|docs|bench|deploy)\/[\w./-]*)`/g)) {
      count++
      if (!existsSync(join(root, path))) wrong.push(`${document}: ${path}`)
    }
  }
  expect(wrong).toEqual([])
  expect(count).toBeGreaterThan(30)
})

test("the rules for contributors speak of every folder of src/, and README and index lead to them", async () => {
  const rules = await textOf("CONTRIBUTING.md")
  const folders = readdirSync(join(root, "src"), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  expect(folders.map(({ name }) => name).filter((name) => !rules.includes(`| \`src/${name}/\` |`))).toEqual([])
  for (const kind of ["option", "metric", "refusal", "protocol", "command"]) {
    expect(rules).toMatch(new RegExp(`^\\*\\*An? ${kind}\\.\\*\\* `, "m"))
  }
  for (const document of ["README.md", "docs/README.md"]) {
    const text = await textOf(document)
    expect(text).toContain("CONTRIBUTING.md)")
    expect(text).toContain("SECURITY.md)")
  }
})

/** Of headings, as GitHub makes them. */
const anchorsOf = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  )

test("every document of docs stands in its index", async () => {
  const index = await textOf("docs/README.md")
  const missing = documents.filter(
    (path) => path.startsWith("docs/") && path !== "docs/README.md" && !index.includes(`(${path.slice(5)})`),
  )
  expect(missing).toEqual([])
  expect(documents.length).toBeGreaterThan(9)
})

test("every script of package.json installs what it needs first, and nothing that must be installed is needed for that", async () => {
  for (const [name, command] of Object.entries(manifest.scripts)) {
    expect([name, command.startsWith("bun scripts/install.ts && ")]).toEqual([name, true])
  }
  for (const path of ["scripts/install.ts", "scripts/steps.ts"]) {
    const imports = [...(await textOf(path)).matchAll(/from "([^"]+)"/g)].map(([, from]) => from)
    expect(imports.filter((from) => from !== undefined && !/^(node:|\.\/steps\.ts$)/.test(from))).toEqual([])
  }
})
