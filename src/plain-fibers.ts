/**
 * Plain fibers: must be imported before Effect. With every fiber that waits Effect keeps an AsyncResource, where the
 * runtime has that class, so that what a program put into an AsyncLocalStorage is found when the fiber goes on. This
 * one has no such storage, but a fiber that waits for each connection: 48 bytes less.
 */
Object.assign(process, { getBuiltinModule: undefined })
