/**
 * Blocks: the elements that a case file is made of, with their lines: headings and fenced blocks, a strict subset of
 * CommonMark 0.31 (sections 4.2, 4.5). Nothing else may stand between them, so that nothing is silently not read.
 */

export interface Heading {
  readonly kind: "heading"
  /** From 1. */
  readonly line: number
  readonly level: 1 | 2
  readonly text: string
}

export interface Block {
  readonly kind: "block"
  /** The line of the fence; the content begins in the next one. */
  readonly line: number
  /** The first word behind the fence. */
  readonly language: string
  /** The words after it that are not `name=value`. */
  readonly words: ReadonlyArray<string>
  readonly values: ReadonlyMap<string, string>
  /** Lines joined by line feeds; the last one has none. */
  readonly content: string
}

/** What is wrong with a case file, and where. */
export interface CaseProblem {
  /** From 1. */
  readonly line: number
  readonly severity: "error" | "warning"
  readonly text: string
}

export interface Elements {
  readonly elements: ReadonlyArray<Heading | Block>
  readonly problems: ReadonlyArray<CaseProblem>
}

export const errorAt = (line: number, text: string): CaseProblem => ({ line, severity: "error", text })

/** Reads the lines from `start`, counted from 0, to the end. */
export const readElements = (lines: ReadonlyArray<string>, start: number): Elements => {
  const elements: Array<Heading | Block> = []
  const problems: Array<CaseProblem> = []
  for (let at = start; at < lines.length; at++) {
    const line = lines[at]!
    const heading = /^(##?) (.*)$/.exec(line)
    const fence = /^(`{3,})([^`]*)$/.exec(line)
    if (heading !== null) {
      elements.push({ kind: "heading", line: at + 1, level: heading[1] === "#" ? 1 : 2, text: heading[2]! })
    } else if (fence !== null) {
      const length = lines.slice(at + 1).findIndex((each) => closes(each, fence[1]!.length))
      if (length < 0) {
        problems.push(
          errorAt(at + 1, `this block is never closed: a line of ${fence[1]!.length} backquotes is missing`),
        )
        break
      }
      elements.push({
        kind: "block",
        line: at + 1,
        ...info(fence[2]!),
        content: lines.slice(at + 1, at + 1 + length).join("\n"),
      })
      at += length + 1
    } else if (line.trim() !== "") {
      problems.push(errorAt(at + 1, "text outside of a block: only headings and blocks stand here"))
    }
  }
  return { elements, problems }
}

const closes = (line: string, length: number): boolean => /^`+[ \t]*$/.test(line) && line.trimEnd().length >= length

const info = (text: string): Pick<Block, "language" | "words" | "values"> => {
  const [language = "", ...rest] = text.split(/[ \t]+/).filter((word) => word !== "")
  const pairs = rest.flatMap((word) => {
    const at = word.indexOf("=")
    return at < 0 ? [] : [[word.slice(0, at), word.slice(at + 1)] as const]
  })
  return { language, words: rest.filter((word) => !word.includes("=")), values: new Map(pairs) }
}

/** A fenced block with its line feed. The fence is longer than any row of backquotes in the content. */
export const formatBlock = (infoString: string, content: ReadonlyArray<string>): string => {
  const rows = content.flatMap((line) => line.match(/`+/g) ?? [])
  const fence = "`".repeat(Math.max(3, ...rows.map((row) => row.length + 1)))
  return [`${fence}${infoString}`, ...content, fence, ""].join("\n")
}
