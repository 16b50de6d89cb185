import { expect, test } from "bun:test"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Result from "effect/Result"
import { type Shell, shells } from "../../../src/cli/command-line/commands.ts"
import { completions } from "../../../src/cli/completions/completions.ts"
import { allOptions } from "../../../src/config/options.ts"
import { needs } from "../../support/needs.ts"
import { runCommand } from "../../support/process.ts"

/** What the shell itself answers to each line, with the script that Pillion prints. */
const complete = async (shell: Shell, lines: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const folder = await mkdtemp(join(tmpdir(), "pillion-test-"))
  try {
    const script = join(folder, `pillion.${shell}`)
    await Bun.write(script, Result.getOrThrow(completions(shell)))
    const asking = join(import.meta.dir, `../../support/complete.${shell}`)
    const ran = await runCommand([shell, asking, script, ...lines], { env: { HOME: folder, TERM: "dumb" } })
    expect(ran).toMatchObject({ code: 0, stderr: "" })
    return ran.stdout.trimEnd().split("\n")
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Lines with one completion: the last word of the line when it is completed, the same in every shell. */
const lines: ReadonlyArray<readonly [line: string, completed: string]> = [
  ["pillion chec", "check-config"],
  ["pillion --proxy-type dual drai", "drain"],
  ["pillion --proxy-ty", "--proxy-type"],
  ["pillion --proxy-type r", "reverse"],
  ["pillion --proxy-type=r", "--proxy-type=reverse"],
  ["pillion --proxy-protocol tcp:s", "tcp:socks"],
  ["pillion --proxy-strict=t", "--proxy-strict=true"],
  ["pillion --proxy-strict --log-form", "--log-format"],
  ["pillion --config /etc/hostn", "/etc/hostname"],
  ["pillion drain --admin", "--admin-port"],
  ["pillion env pyt", "python"],
  ["pillion env --shell fi", "fish"],
  ["pillion help healt", "healthcheck"],
  ["pillion completions fi", "fish"],
  ["pillion version --j", "--json"],
  ["pillion tap addr", "address:"],
  ["pillion top host:api stat", "status:"],
  ["pillion ls --tr", "--tree"],
  ["pillion ls json", "json."],
  ["pillion save --to /etc/hostn", "/etc/hostname"],
  ["pillion show 7c11e4 --raw resp", "response"],
  ["pillion export cu", "curl"],
  ["pillion export har sta", "status:"],
  ["pillion lint /etc/hostn", "/etc/hostname"],
  ["pillion run -- nohu", "nohup"],
]

/** Lines that nothing can complete. */
const hopeless = ["pillion --proxy-port 4", "pillion version --proxy-t", "pillion drain chec"]

for (const shell of ["bash", "fish"] as const) {
  needs(shell)(`${shell} completes commands, flags, values, files, and the program of run --`, async () => {
    const answers = await complete(
      shell,
      lines.map(([line]) => line),
    )
    // Bash replaces only what follows the last = or :, and says so much.
    const ends = answers.map((answer, i) => (answer !== "" && lines[i]?.[1].endsWith(answer) ? lines[i]?.[1] : answer))
    expect(ends).toEqual(lines.map(([, completed]) => completed))
    expect(await complete(shell, [...hopeless, "pillion completions "])).toEqual([
      ...hopeless.map(() => ""),
      shell === "bash" ? "bash zsh fish --help" : "bash fish zsh",
    ])
  })
}

needs("zsh")("zsh completes commands, flags, values, files, and the program of run --", async () => {
  const answers = await complete("zsh", [...lines.map(([line]) => line), ...hopeless])
  expect(answers.map((answer) => answer.trimEnd().replace(/=$/, ""))).toEqual([
    ...lines.map(([line, completed]) => line.replace(/[^ ]*$/, completed)),
    ...hopeless,
  ])
})

test.each(shells)("the script for %s knows every option", (shell) => {
  const script = Result.getOrThrow(completions(shell))
  for (const { name } of allOptions) expect(script).toMatch(new RegExp(`\\b${name}\\b`))
  expect(script).toEndWith("\n")
})

test("without a shell it is a usage error", () => {
  const error = Result.getOrThrow(Result.flip(completions(undefined)))
  expect(error).toMatchObject({ exitCode: 2, message: "completions needs a shell: write bash, zsh or fish" })
})
