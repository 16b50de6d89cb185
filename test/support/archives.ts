/** Archives: whether a document is an HTTP Archive by the schema of HAR 1.2 (har-validator). */
import { har } from "har-validator"

/** Fails with what the schema says where the document is none. */
export const validateArchive = async (text: string): Promise<void> => {
  try {
    await har(JSON.parse(text))
  } catch (error) {
    const problems = error instanceof Error && "errors" in error ? JSON.stringify(error.errors) : String(error)
    throw new Error(`no HAR 1.2: ${problems}`, { cause: error })
  }
}
