/**
 * Write case: a case as a Markdown file: front matter, the request, the response, each as a head and its content, then the
 * messages of a WebSocket. Everything in the file is read back, but for the words of its first heading.
 */
import type { RecordedBody, RecordedFrame } from "../record.ts"
import { urlOf } from "../url.ts"
import { formatBlock } from "./blocks.ts"
import type { Case } from "./case.ts"
import { writeContent, type BesideFile } from "./content.ts"
import { writeFrontMatter } from "./front-matter.ts"
import { interimLines, requestLines, responseLines, trailerLines, type HeadLines } from "./heads.ts"

/** A case file and the files beside it; or why the case cannot be one. */
export type WrittenCase =
  { readonly text: string; readonly files: ReadonlyArray<BesideFile> } | { readonly problem: string }

/** Writes a case. `stem` is its file's name without `.md`: files beside it begin with that. */
export const writeCase = (made: Case, stem: string): WrittenCase => {
  const writer = new CaseWriter(stem)
  writer.write(made)
  return writer.problem === undefined ? { text: writer.text, files: writer.files } : { problem: writer.problem }
}

class CaseWriter {
  problem: string | undefined = undefined
  readonly files: Array<BesideFile> = []
  private readonly parts: Array<string> = []
  private readonly stem: string

  constructor(stem: string) {
    this.stem = stem
  }

  get text(): string {
    return this.parts.join("\n")
  }

  write(made: Case): void {
    const { request, response, frames = [] } = made
    this.parts.push(writeFrontMatter(made), `# ${titleOf(made)}\n`)
    this.head("http", requestLines(request))
    this.body(request.body, "request")
    if (request.trailers !== undefined) this.head("http trailers", trailerLines(request.trailers))
    if (response !== undefined) {
      const after = made.firstByte === undefined ? "" : ` after ${made.firstByte}ms`
      this.parts.push(`## ${response.line.status}${after}\n`)
      for (const interim of response.interim ?? []) {
        this.head(`http interim t=${interim.t}ms`, interimLines(interim, response.line.version))
      }
      this.head("http", responseLines(response))
      this.body(response.body, "response")
      if (response.trailers !== undefined) this.head("http trailers", trailerLines(response.trailers))
    }
    for (const [i, frame] of frames.entries()) this.frame(frame, i + 1)
  }

  private head(info: string, lines: HeadLines): void {
    if ("problem" in lines) this.problem ??= lines.problem
    else this.parts.push(formatBlock(info, lines))
  }

  private body(body: RecordedBody | undefined, name: string): void {
    if (body === undefined) return
    const isPart = body.truncated === true || body.omitted !== undefined
    const more = [...(body.truncated === true ? ["cut"] : []), ...(isPart ? [`size=${body.size}`] : [])]
    const { block, file } = writeContent(body, body.type, more.join(" "), `${this.stem}.${name}`)
    this.parts.push(block)
    if (file !== undefined) this.files.push(file)
  }

  private frame(frame: RecordedFrame, number: number): void {
    const { from, t, op, text, base64, size } = frame
    const length =
      text === undefined ? Uint8Array.fromBase64(base64 ?? "").length : new TextEncoder().encode(text).length
    const more = [`from=${from}`, `t=${t}ms`, `op=${op}`].filter((each) => each !== "op=text" || text === undefined)
    const content =
      text === undefined && base64 === undefined ? { omitted: frame.omitted ?? "budget" } : { text, base64 }
    if (content.omitted !== undefined || length !== size) more.push(`size=${size}`)
    const { block, file } = writeContent(content, "", more.join(" "), `${this.stem}.frame-${number}`)
    this.parts.push(block)
    if (file !== undefined) this.files.push(file)
  }
}

/** What the case is of, for a reader: method, URL, and the status or why there is none. */
export const titleOf = (made: Case): string => {
  const url = urlOf({ ...made, tls: { opened: made.tls === true } })
  const outcome = made.response?.line.status ?? made.refusal ?? made.code ?? made.error ?? made.end ?? "no answer"
  return `${made.request.line.method} ${url} → ${outcome}`.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd")
}
