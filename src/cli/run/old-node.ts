/**
 * Old Node: a Node.js that reads no proxy variables goes past the proxy without a word, whatever `run -- CMD` sets. It
 * is asked for its version before CMD starts; programs that are no Node.js are not asked for anything.
 */
import { closeSync, openSync, readSync, realpathSync } from "node:fs"
import { basename } from "node:path"
import * as Effect from "effect/Effect"

/** Milliseconds that `node --version` may take; it takes some forty. */
const timeout = 2000

/** The longest first line that Linux reads of a script. */
const maxFirstLine = 256

/** A warning where `command` is run by such a Node.js in this environment; undefined where it is not, or not known. */
export const oldNodeNote = (
  command: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>>,
): Effect.Effect<string | undefined> =>
  Effect.promise(async () => {
    // Without the switch, nobody has asked Node.js to read anything; an agent reads the variables for it.
    if (environment["NODE_USE_ENV_PROXY"] !== "1") return undefined
    if ([...command, environment["NODE_OPTIONS"]].some((word) => word?.includes("global-agent"))) return undefined
    const node = nodeOf(command[0] ?? "", environment["PATH"] ?? "")
    return node === undefined ? undefined : noteOf(await versionOf(node, environment))
  })

/** The Node.js that a program is, or that its first line names. */
const nodeOf = (program: string, path: string): string | undefined => {
  const file = Bun.which(program, { PATH: path })
  if (file === null) return undefined
  if (isNode(file)) return file
  const [, interpreter, word = ""] = /^#! *(\S+)(?: +(?:-S +)?(\S+))?/.exec(firstLine(file)) ?? []
  if (interpreter === undefined) return undefined
  if (basename(interpreter) !== "env") return isNode(interpreter) ? interpreter : undefined
  return word === "node" ? (Bun.which("node", { PATH: path }) ?? undefined) : undefined
}

const isNode = (file: string): boolean => {
  try {
    // Some link to a Bun that plays its part.
    return /^node(js)?$/.test(basename(realpathSync(file)))
  } catch {
    return false
  }
}

const firstLine = (path: string): string => {
  try {
    const file = openSync(path, "r")
    try {
      const bytes = Buffer.alloc(maxFirstLine)
      return bytes.toString("latin1", 0, readSync(file, bytes)).split("\n", 1)[0] ?? ""
    } finally {
      closeSync(file)
    }
  } catch {
    return ""
  }
}

const versionOf = async (node: string, environment: Readonly<Record<string, string>>): Promise<string> => {
  try {
    const asked = Bun.spawn([node, "--version"], {
      // Options that preload something would run it here.
      env: { ...environment, NODE_OPTIONS: "" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      timeout,
    })
    return (await asked.stdout.text()).trim()
  } catch {
    return ""
  }
}

/** Undefined for versions that read the variables: 24 and later, and 22 from 22.21 on. */
export const noteOf = (version: string): string | undefined => {
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(version) ?? []
  if (major === undefined || Number(major) >= 24 || (Number(major) === 22 && Number(minor) >= 21)) return undefined
  return (
    `Node.js ${version.slice(1)} reads no proxy variables, so its requests go past the proxy: use 24, or 22.21 and later, ` +
    "or npm install global-agent@3 and start it with node --require global-agent/bootstrap"
  )
}
