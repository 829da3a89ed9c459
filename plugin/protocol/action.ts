/** The four actions that are authorized. */
export type Action = 'call' | 'register' | 'publish' | 'subscribe'
