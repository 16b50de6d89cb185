/**
 * Settings: made from flags, environment, annotations and a file as the program does, without a machine around them.
 */
import * as Result from "effect/Result"
import { type Input, type Loaded, read } from "../../src/config/sources.ts"
import type { Settings } from "../../src/config/settings.ts"
import { formatAnnotations } from "./annotations-file.ts"

/** What a test writes; annotations without `sidecar.speedscale.com/` in front. */
export interface Given {
  readonly flags?: Readonly<Record<string, string | true>>
  readonly env?: Readonly<Record<string, string>>
  readonly besideProgram?: boolean
  readonly annotations?: Readonly<Record<string, string>>
  readonly file?: unknown
  /** What a command `test` sets. */
  readonly command?: Readonly<Record<string, string>>
  readonly limits?: Partial<Input["limits"]>
}

export const tryRead = ({ flags = {}, env = {}, besideProgram, annotations, file, command, limits }: Given) =>
  read({
    flags: Object.entries(flags),
    env,
    besideProgram,
    annotations: annotations && { path: "/etc/podinfo/annotations", text: annotationsText(annotations) },
    file: file === undefined ? undefined : { path: "x.yaml", value: file },
    command: command && { path: "test", values: new Map(Object.entries(command)) },
    limits: { openFiles: 20_000, ownAddresses: [], ...limits },
  })

const annotationsText = (annotations: Readonly<Record<string, string>>): string =>
  formatAnnotations(
    Object.fromEntries(Object.entries(annotations).map(([name, value]) => [`sidecar.speedscale.com/${name}`, value])),
  )

/** Throws what is wrong. */
export const loaded = (given: Given): Loaded => Result.getOrThrow(tryRead(given))

export const settingsOf = (given: Given = {}): Settings => loaded(given).settings

/** The message of what is wrong; throws if nothing is. */
export const messageOf = (given: Given): string => {
  const error = Result.getOrThrow(Result.flip(tryRead(given)))
  if (error.exitCode !== 78) throw new Error(`exit code ${error.exitCode}`)
  if (error.message.includes("\n")) throw new Error("more than one line")
  return error.message
}

/** Value and origin of one option. */
export const originOf = (name: string, given: Given): readonly [value: unknown, origin: string | undefined] => {
  const found = loaded(given).origins.find(({ option }) => option === name)
  return [found?.value, found?.origin]
}
