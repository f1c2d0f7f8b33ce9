/** Linux's limit on one argument or one variable with its name, without the NUL at its end (MAX_ARG_STRLEN). */
export const longestTextBytes = 128 * 1024 - 1
