/** The role of the sessions of the app and of the router itself, which may do everything. No login grants it. */
export const trusted = 'trusted'
