/**
 * Ports file: announces to other programs which ports were bound, once everything listens.
 */
import { renameSync, writeFileSync } from "node:fs"
import * as Effect from "effect/Effect"

import { type ConfigError, valueError } from "../../config/error.ts"

import { type Ports, portsText } from "../running/ports.ts"

/** Writes the file whole or not at all: a program that waits for the file never reads half of one. */
export const writePortsFile = (path: string, ports: Ports): Effect.Effect<void, ConfigError> =>
  Effect.try({
    try: () => {
      const unfinished = `${path}.${process.pid}`
      writeFileSync(unfinished, portsText(ports))
      renameSync(unfinished, path)
    },
    catch: (cause) => valueError(`ports-file ${JSON.stringify(path)} cannot be written: ${messageOf(cause)}`),
  })

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))
