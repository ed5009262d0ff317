/** The close code for a client that may come back later (RFC 6455's registry). */
export const TRY_AGAIN_LATER = 1013
