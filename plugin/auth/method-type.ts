/** The type of a configured method. */
export type MethodType = 'static' | 'dynamic' | 'function'
