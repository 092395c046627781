/*
 * uring_datagram - the io_uring model over datagrams: one receive for all of them, answers in one call.
 */
#ifndef URING_DATAGRAM_H
#define URING_DATAGRAM_H

#include "model.h"

void uring_datagrams_run(const struct server *server);

#endif
