/**
 * File name: what a case's file is called: method, path with what varies in braces, and the end of the id. The same request has the same
 * name in every capture but for the id. Hosts and paths are strangers' words: nothing but `[A-Za-z0-9._{}-]` gets into
 * a name, and none goes up a folder.
 */
import { shortId } from "../ids.ts"
import { authorityOf, pathOf } from "../url.ts"
import type { Case } from "./case.ts"

/** Characters of a file's name, `.md` included; common file systems allow 255 bytes. */
export const maxFileName = 120

const maxHost = 100

/** `inbound` or `outbound/HOST`: where the cases of one service lie. */
export const folderOf = (made: Case): string =>
  made.direction === "inbound" ? "inbound" : `outbound/${safe(hostOf(made)).slice(0, maxHost) || "unknown"}`

/** The name of a case's file in its folder. `idEnd` is a longer end of its id, where the usual one is another file's. */
export const fileNameOf = (made: Case, idEnd = shortId(made.id)): string => {
  const { method, target } = made.request.line
  const end = `-${safe(idEnd)}.md`
  const segments = pathOf(target)
    .split("/")
    .filter((segment) => segment !== "")
  const name = [
    safe(method) || "request",
    ...segments.map((segment) => (isVariable(segment) ? "{id}" : safe(segment))),
  ].join("_")
  return name.slice(0, maxFileName - end.length) + end
}

const hostOf = (made: Case): string => authorityOf(made).replace(/^.*@/, "").replace(/:\d*$/, "").toLowerCase()

const safe = (text: string): string => text.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[.-]+/, "")

const variable: ReadonlyArray<RegExp> = [
  /^\d+$/,
  /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
  // ObjectId, hashes; ULID.
  /^(?=.*\d)[0-9a-f]{16,}$/i,
  /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/,
  // A prefix and random characters, as tokens have them.
  /^[a-z]{2,5}_(?=[^_]*\d)[A-Za-z0-9]{4,}$/,
  // A JWT, and any other long word of base64 with digits and both cases.
  /^(?=.*\d)(?=.*[a-z])(?=.*[A-Z])[A-Za-z0-9_.-]{20,}$/,
]

/** Whether a segment of a path has the shape of a value that is made anew for each thing. */
export const isVariable = (segment: string): boolean => variable.some((shape) => shape.test(segment))
