/** The longest delay of a timer, in milliseconds. A timer with a longer one fires after a millisecond. */
export const LONGEST_TIMER = 2 ** 31 - 1
