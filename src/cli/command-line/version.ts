/**
 * Version: which Pillion this is, and which Bun is inside.
 */
import manifest from "../../../package.json" with { type: "json" }

/** Defined by the build; a run from source has none. */
declare const BUILD_REVISION: string | undefined

export interface Version {
  readonly name: string
  readonly version: string
  /** The source revision of the build, if it is known. */
  readonly revision: string | null
  readonly bun: string
}

export const version: Version = {
  name: manifest.name,
  version: manifest.version,
  revision: typeof BUILD_REVISION === "string" ? BUILD_REVISION : null,
  bun: Bun.version,
}

/** `pillion 0.1.0 (revision abc123, Bun 1.4.5)`; ends with a newline. */
export const versionText = (given: Version = version): string => {
  const revision = given.revision === null ? "" : `revision ${given.revision}, `
  return `${given.name} ${given.version} (${revision}Bun ${given.bun})\n`
}

/** The same as one JSON object; ends with a newline. */
export const versionJson = (given: Version = version): string => `${JSON.stringify(given)}\n`
