/** What reading a case file needs, for tests: YAML as the runtime reads it, and files that are values. */
import type { CaseReading } from "../../src/capture/case/read-case.ts"

export const readYaml: CaseReading["readYaml"] = (text) => {
  try {
    return { value: Bun.YAML.parse(text) }
  } catch (error) {
    return { problem: String(error), line: 3 }
  }
}

export const readingWith = (files: Readonly<Record<string, Uint8Array>> = {}): CaseReading => ({
  readYaml,
  readBeside: (name) => files[name],
})
