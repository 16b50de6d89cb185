/**
 * Admin token: the secret by which the commands of this user, and nobody else, are shown what passed. The running proxy
 * makes one at its start and keeps it in a file of mode 0600, in a folder that is this user's alone.
 *
 * Fails closed: a folder or a file that is another user's, or that others may change or read, or that is a link, is neither
 * written nor read.
 */
import { closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** What of the environment decides where the file is. */
export interface TokenPlaces {
  /** XDG_RUNTIME_DIR, where it is set. */
  readonly runtime: string | undefined
  /** `/run/pillion`: whoever sets this machine up makes it, or not. */
  readonly run: string
  /** The folder for temporary files, which all users share. */
  readonly temporary: string
  readonly uid: number
}

/** The places of the user of this process. */
export const ownTokenPlaces = (environment: Readonly<Record<string, string | undefined>>): TokenPlaces => ({
  runtime: environment["XDG_RUNTIME_DIR"],
  run: "/run/pillion",
  temporary: tmpdir(),
  uid: process.getuid?.() ?? 0,
})

/** Bytes of a token: as many as nobody can guess. */
const tokenBytes = 32

/** Characters that are read of a file. */
const maxToken = 256

/** Where the file may be, the best place first. */
export const tokenFolders = ({ runtime, run, temporary, uid }: TokenPlaces): ReadonlyArray<string> => [
  ...(runtime === undefined || runtime === "" ? [] : [join(runtime, "pillion")]),
  run,
  join(temporary, `pillion-${uid}`),
]

/** A token that was written, and where. */
export interface WrittenToken {
  readonly token: string
  readonly path: string
}

/** Makes a token that nobody had before. */
export const makeToken = (): string =>
  Buffer.from(crypto.getRandomValues(new Uint8Array(tokenBytes))).toString("base64url")

/**
 * Writes the token of the proxy whose admin listener has this port to the first place that will do; one that an ended
 * proxy left there is replaced. Undefined where there is no such place.
 */
export const writeToken = (port: number, places: TokenPlaces, token = makeToken()): WrittenToken | undefined => {
  for (const folder of tokenFolders(places)) {
    const path = join(folder, fileName(port))
    if (makeFolder(folder, places.uid) && write(path, `${token}\n`)) return { token, path }
  }
  return undefined
}

/** The token of the running proxy whose admin listener has this port; undefined where this user has none. */
export const readToken = (port: number, places: TokenPlaces): string | undefined => {
  for (const folder of tokenFolders(places)) {
    if (!isOwn(folder, places.uid)) continue
    const token = read(join(folder, fileName(port)), places.uid)
    if (token !== undefined) return token
  }
  return undefined
}

/** Takes the file away, at the end of the proxy. */
export const removeToken = ({ path }: WrittenToken): void => rmSync(path, { force: true })

const fileName = (port: number): string => `admin-${port}.token`

/** Makes a folder for this user alone, unless it is there; false where it is not, or is not this user's. */
const makeFolder = (folder: string, uid: number): boolean => {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch {
    // It is there, or cannot be made: both show next.
  }
  return isOwn(folder, uid)
}

/** Whether it is a folder of this user's that nobody else may change. */
const isOwn = (folder: string, uid: number): boolean => {
  try {
    const found = lstatSync(folder)
    return found.isDirectory() && found.uid === uid && (found.mode & 0o022) === 0
  } catch {
    return false
  }
}

const write = (path: string, text: string): boolean => {
  try {
    rmSync(path, { force: true })
    // Only a file that was not there: not one that somebody else has open, and no link.
    const file = openSync(path, "wx", 0o600)
    try {
      writeSync(file, text)
    } finally {
      closeSync(file)
    }
    return true
  } catch {
    return false
  }
}

const read = (path: string, uid: number): string | undefined => {
  try {
    // Not waiting for a writer, should it be a pipe.
    const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const found = fstatSync(file)
      if (!found.isFile() || found.uid !== uid || (found.mode & 0o077) !== 0) return undefined
      const bytes = Buffer.alloc(maxToken)
      const text = bytes.toString("latin1", 0, readSync(file, bytes)).trim()
      return /^[\w-]+$/.test(text) ? text : undefined
    } finally {
      closeSync(file)
    }
  } catch {
    return undefined
  }
}
