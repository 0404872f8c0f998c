/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The curl_multis of a loop, driven by libuv: sockets and time-outs come in, orders of tasks are
 * carried out. Everything here runs on the loop's own stack. Callbacks of curl only note what came
 * and signal; nothing of curl is called from within them.
 */
#ifndef QUERENT_NET_WIRE_H
#define QUERENT_NET_WIRE_H

#include "net/transfer.h"

/* From a task: the transfer's order is carried out in this turn of its loop. */
void wire_order(struct transfer *transfer);

/* For easy.c: sockets that no child process inherits, and that are watched until they are closed.
 */
curl_socket_t wire_open_socket(void *transfer, curlsocktype purpose, struct curl_sockaddr *address);
int wire_close_socket(void *wire, curl_socket_t fd);

/* Gives the handle all that the transfer needs. */
bool easy_prepare(struct transfer *transfer);

#endif
