/**
 * Arm64: executables for that processor, run on it, or emulated by qemu-user with the C library of libc6-arm64-cross.
 */
import { existsSync } from "node:fs"

import { buildFor } from "../../scripts/build.ts"
import { targetNamed } from "../../scripts/targets.ts"

const emulator = "qemu-aarch64"
const libraries = "/usr/aarch64-linux-gnu"

const native = process.arch === "arm64"

export const runsArm64 = (): boolean =>
  native || (Bun.which(emulator) !== null && existsSync(`${libraries}/lib/libc.so.6`))

/** Goes before the executable. */
export const onArm64: ReadonlyArray<string> = native ? [] : [emulator, "-L", libraries]

/** Pillion for arm64, built if it is stale. */
export const arm64Executable = (): Promise<string> => buildFor(targetNamed("linux-arm64"))
