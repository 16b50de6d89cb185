/**
 * Markdown: tables for the documents that the code makes.
 */

/** One row a line, below the names of its columns; ends with a newline. */
export const markdownTable = (header: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [header, header.map(() => "---"), ...rows].map((row) => `${markdownRow(row)}\n`).join("")

export const markdownRow = (cells: ReadonlyArray<string>): string =>
  `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`

export const markdownCode = (text: string): string => `\`${text}\``
