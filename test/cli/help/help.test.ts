import { describe, expect, test } from "bun:test"
import * as Result from "effect/Result"
import { parse } from "../../../src/cli/command-line/args.ts"
import { commandNames, commands } from "../../../src/cli/command-line/commands.ts"
import { help, optionsMarkdown } from "../../../src/cli/help/help.ts"
import { allOptions } from "../../../src/config/options.ts"

const topics = [undefined, ...commandNames]

describe.each(topics)("help for %p", (topic) => {
  const text = help(topic)
  const lines = text.split("\n")

  test("fits 100 columns, ends with one newline and has no colours or trailing spaces", () => {
    for (const line of lines) {
      expect(line.length).toBeLessThanOrEqual(100)
      expect(line).toBe(line.trimEnd())
    }
    expect(text).toEndWith("\n")
    expect(text).not.toEndWith("\n\n")
    expect(text).not.toContain("\u001b")
  })

  test("has examples first and exit codes last", () => {
    const sections = lines.filter((line) => /^[A-Z].*:$/.test(line))
    expect(sections[0]).toBe("Examples:")
    expect(sections.at(-1)).toBe("Exit codes:")
    for (const code of ["0", "1", "2", "69", "78", "127"]) expect(text).toMatch(new RegExp(`^  ${code} `, "m"))
  })
})

test.each([undefined, "run"] as const)(
  "help for %p has every option with its default and documented environment name",
  (topic) => {
    const text = help(topic)
    for (const { name, environment } of allOptions) {
      expect(text).toMatch(new RegExp(`^  --${name}[ \\[]`, "m"))
      if (environment !== undefined) expect(text).toContain(environment)
    }
    expect(text).toContain("default 4143")
  },
)

test("the program's help has every command", () => {
  for (const name of commandNames) expect(help(undefined)).toContain(`  ${name} `)
})

test("every example is a command line that is understood", () => {
  const lines = commandNames.flatMap((name) => commands[name].examples.map(([line]) => line))
  expect(lines.length).toBeGreaterThan(10)
  for (const line of lines) {
    const alone = line.replace(/^eval "\$\((.*)\)"$/, "$1").replace(/ \| source$/, "")
    const words = (alone.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replace(/^'(.*)'$/, "$1"))
    expect(words[0]).toBe("pillion")
    expect(Result.isSuccess(parse(words.slice(1)))).toBe(true)
    // What a shell takes for itself stands in quotes.
    expect(alone.replaceAll(/'[^']*'/g, "")).not.toMatch(/[~<>*?]/)
  }
})

/** The cells of a Markdown row; bars inside a cell are escaped. */
const cells = (row: string) => row.split(/(?<!\\)\|/).slice(1, -1)

describe("the options table of the documentation", () => {
  const rows = optionsMarkdown()
    .split("\n")
    .filter((line) => line.startsWith("|"))
  test("has a row of six cells for every option, and a header", () => {
    expect(rows.length).toBe(allOptions.length + 2)
    for (const row of rows) expect(cells(row).length).toBe(6)
  })

  test("says what the option table says", () => {
    const row = rows.find((line) => line.includes("--health-port"))
    expect(cells(row ?? "").map((cell) => cell.trim())).toEqual([
      "`--health-port PORT`",
      "`4145`",
      "`METRICS_HTTP_PORT` `PILLION_HEALTH_PORT`",
      "`prometheus-port`",
      "restart",
      "port of /livez, /readyz, /startupz and /metrics, on every address",
    ])
  })
})
