/** The part of har-validator that tests use; it comes without types. */
declare module "har-validator" {
  /** Rejects with `errors` where the document is no HAR. */
  export const har: (document: unknown) => Promise<unknown>
}
