/** docs/architecture.md names files, functions and methods: each of them must be where it says. */
import { expect, test } from "bun:test"
import { existsSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dir, "../..")
const document = "docs/architecture.md"

/** The text of a file by its path from the root; undefined where there is none. A folder's path ends with a slash. */
type TextOf = (path: string) => string | undefined

const isPath = /^[\w-]+(?:\/[\w.-]+)*(?:\/|\.tsx?)$/
const isName = /^[A-Za-z]\w*(?:\.\w+)?$/
/** What is not below src/. */
const besideSources = /^(?:test|scripts|bench|docs|src)\//

const fromRoot = (path: string): string => (besideSources.test(path) ? path : `src/${path}`)

/** Whether a source declares `name`: a function, a constant, a type, or with a dot a member of a class or an interface. */
const declares = (source: string, name: string): boolean => {
  const code = source.replaceAll(/\/\*.*?\*\/|^\s*\/\/.*?$/gms, "")
  const [owner = "", member] = name.split(".")
  if (member === undefined) {
    return new RegExp(`^(?:export )?(?:abstract )?(?:const|let|function|class|interface|type) ${owner}\\b`, "m").test(
      code,
    )
  }
  const body = new RegExp(`^(?:export )?(?:abstract )?(?:class|interface) ${owner}\\b.*?^}`, "ms").exec(code)?.[0] ?? ""
  return new RegExp(
    `^  (?:(?:private|protected|static|readonly|abstract|get|set) )*\\*?${member}[?!]?[(<:= ]`,
    "m",
  ).test(body)
}

/** What a document's references lack, in words, and how many there are. A name belongs to the last file before it in its line. */
const check = (text: string, textOf: TextOf): { readonly wrong: ReadonlyArray<string>; readonly count: number } => {
  const wrong: Array<string> = []
  let count = 0
  const withoutPictures = text.replaceAll(/^```.*?^```$/gms, (block) => block.replaceAll(/[^\n]/g, ""))
  for (const [i, line] of withoutPictures.split("\n").entries()) {
    let file: string | undefined
    for (const [, span = ""] of line.matchAll(/`([^`]+)`/g)) {
      const at = `${document}:${i + 1}: `
      if (isPath.test(span)) {
        count++
        file = fromRoot(span)
        if (textOf(file) === undefined) wrong.push(`${at}there is no ${file}`)
      } else if (isName.test(span)) {
        count++
        if (file === undefined) wrong.push(`${at}no file is named before ${span}`)
        else if (!declares(textOf(file) ?? "", span)) wrong.push(`${at}${file} declares no ${span}`)
      }
    }
  }
  return { wrong, count }
}

test("every file, function, class and method that docs/architecture.md names is there", async () => {
  const texts = new Map<string, string>()
  for (const path of new Bun.Glob("{src,test,scripts,bench}/**/*.{ts,tsx}").scanSync({ cwd: root })) {
    texts.set(path, await Bun.file(join(root, path)).text())
  }
  const textOf: TextOf = (path) =>
    path.endsWith("/") ? (existsSync(join(root, path)) ? "" : undefined) : texts.get(path)
  const { wrong, count } = check(await Bun.file(join(root, document)).text(), textOf)
  expect(wrong).toEqual([])
  expect(count).toBeGreaterThan(150)
})

test("what is gone, or was called otherwise, is told with its line; options, system calls and pictures are no names", () => {
  const source = [
    "/** Calls gone(). */",
    "export const start = (): void => {",
    "  const inner = 1",
    "}",
    "// const gone = 1",
    "export class Step<A> extends Base {",
    "  static readonly first = 1",
    "  private state: number",
    "  readonly look = (): void => {}",
    "  get open(): boolean {",
    "    return this.start(1)",
    "  }",
    "  *flows(): Generator<A> {",
    "  }",
    "}",
    "export interface Owner {",
    "  readonly ended: (step: Step) => void",
    "}",
  ].join("\n")
  const textOf: TextOf = (path) => (path === "src/net/a.ts" ? source : path === "src/net/" ? "" : undefined)
  const wrongIn = (text: string): ReadonlyArray<string> => check(text, textOf).wrong
  const all =
    "`net/` `net/a.ts` `start` `Step` `Step.first` `Step.state` `Step.look` `Step.open` `Step.flows` `Owner.ended`"
  expect(check(all, textOf)).toEqual({ wrong: [], count: 10 })
  expect(wrongIn("`--poll=false` `drain-delay` `/readyz` `send(2)`\n```text\n`nobody`\n```")).toEqual([])
  expect(wrongIn("a\n\n`net/b.ts`")).toEqual(["docs/architecture.md:3: there is no src/net/b.ts"])
  expect(wrongIn("`net/a.ts`\n`start`")).toEqual(["docs/architecture.md:2: no file is named before start"])
  for (const name of ["gone", "inner", "star", "Step.start", "Step.inner", "Step.ended", "Owner.look", "Gone.ended"]) {
    expect(wrongIn(`\`net/a.ts\` \`${name}\``)).toEqual([`docs/architecture.md:1: src/net/a.ts declares no ${name}`])
  }
})
