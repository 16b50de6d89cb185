/**
 * Verbatim: arguments and environment as the bytes that they are. A string of the runtime holds U+FFFD for what is not
 * UTF-8, and a program that got that would look for another file.
 */
import { notUtf8 } from "../../config/kind.ts"
import { procBytes } from "../../system/proc.ts"

export interface Verbatim {
  readonly bytes: ReadonlyArray<Uint8Array>
  /** Which of them holds bytes that are not known any more, in words. */
  readonly lost: string | undefined
}

/** Arguments and environment of a process as they were at its start, from /proc; empty where that may not be read. */
export interface Started {
  readonly arguments: ReadonlyArray<Uint8Array>
  readonly environment: ReadonlyArray<Uint8Array>
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })
const encoder = new TextEncoder()

/** Returns the last arguments of the command line; one whose text differs there is taken from its string. */
export const verbatimArguments = (texts: ReadonlyArray<string>, started: Started): Verbatim => {
  const last = started.arguments.slice(started.arguments.length - texts.length)
  let lost: string | undefined
  const bytes = texts.map((text, index) => {
    const raw = last[index]
    if (raw !== undefined && decoder.decode(raw) === text) return raw
    if (text.includes(notUtf8)) lost ??= index === 0 ? "its name" : `argument ${index}`
    return encoder.encode(text)
  })
  return { bytes, lost }
}

/**
 * Returns `name=value` for each variable; one that is as it was at the start has its bytes from there. Entries without a
 * name are kept, and so are both of a name that stands there twice.
 */
export const verbatimEnvironment = (variables: Readonly<Record<string, string>>, started: Started): Verbatim => {
  const entries = started.environment.map((raw) => ({ raw, text: decoder.decode(raw) }))
  const unchanged = new Set(
    entries.flatMap(({ text }) => {
      const name = nameOf(text)
      return name !== undefined && text === `${name}=${variables[name]}` ? [name] : []
    }),
  )
  const kept = entries.filter(({ text }) => {
    const name = nameOf(text)
    // Of a name that is not UTF-8 the runtime knows no value.
    return name === undefined || unchanged.has(name) || (name.includes(notUtf8) && !Object.hasOwn(variables, name))
  })
  const others = Object.entries(variables).filter(([name]) => !unchanged.has(name))
  const lost = others.find((entry) => entry.join("=").includes(notUtf8))?.[0]
  return {
    bytes: [...kept.map(({ raw }) => raw), ...others.map(([name, value]) => encoder.encode(`${name}=${value}`))],
    lost: lost === undefined ? undefined : `the environment variable ${JSON.stringify(lost)}`,
  }
}

const nameOf = (entry: string): string | undefined => {
  const equals = entry.indexOf("=")
  return equals <= 0 ? undefined : entry.slice(0, equals)
}

/** Whether the bytes are UTF-8, so that a string holds all of them. */
export const isText = (bytes: Uint8Array): boolean => !decoder.decode(bytes).includes(notUtf8)

/** Reads what this process was started with. */
export const ownStart = (): Started => ({
  arguments: splitZeros(procBytes("self/cmdline")),
  environment: splitZeros(procBytes("self/environ")),
})

/** The parts of a text of /proc, each of which ends with a zero byte. */
export const splitZeros = (bytes: Uint8Array): ReadonlyArray<Uint8Array> => {
  const parts: Array<Uint8Array> = []
  for (let from = 0; from < bytes.length;) {
    const zero = bytes.indexOf(0, from)
    const end = zero === -1 ? bytes.length : zero
    parts.push(bytes.subarray(from, end))
    from = end + 1
  }
  return parts
}
