/*
 * echo_records - tenk-echo over transports that keep records: udp, unixdgram, unixpacket.
 */
#ifndef ECHO_RECORDS_H
#define ECHO_RECORDS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Sends stdin as records, one at a time, each echoed before the next leaves; writes what comes back to
 * stdout. Returns tenk-echo's exit status: 1 when a record was lost or the server has left.
 */
int echo_records(int fd, int64_t timeout_ns);

/* write(2) to stdout until all is written: it may be a pipe that takes little at a time. 0 or -1. */
int echo_write_all(const char *bytes, size_t size);

#endif
