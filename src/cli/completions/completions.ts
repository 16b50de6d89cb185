/**
 * Completions: the script that teaches a shell what may follow `pillion`.
 */
import * as Result from "effect/Result"

import { type ConfigError, oneOf, usageError } from "../../config/error.ts"

import { type Shell, shells } from "../command-line/commands.ts"
import { bashCompletions } from "./completions-bash.ts"
import { fishCompletions } from "./completions-fish.ts"
import { zshCompletions } from "./completions-zsh.ts"

const scripts: { readonly [S in Shell]: () => string } = {
  bash: bashCompletions,
  zsh: zshCompletions,
  fish: fishCompletions,
}

/** The script, which ends with a newline; that no shell was named is a usage error. */
export const completions = (shell: Shell | undefined): Result.Result<string, ConfigError> =>
  shell === undefined
    ? Result.fail(usageError(`completions needs a shell: write ${oneOf(shells)}`))
    : Result.succeed(scripts[shell]())
