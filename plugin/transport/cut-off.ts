/**
 * The error of a stream that the router ends at once. Without one, Node.js creates an error for each write that has not been sent, and a
 * connection may have thousands.
 */
export const cutOff = new Error('the router has ended the connection')
