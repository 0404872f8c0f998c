/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server that is called with a key: its address, the headers of every call, and the secrets among
 * them, which are hidden wherever the server repeats them.
 */
#ifndef QUERENT_NET_ENDPOINT_H
#define QUERENT_NET_ENDPOINT_H

#include "core/arena.h"
#include "net/fetch.h"

#define ENDPOINT_HEADERS_MAX 32
#define ENDPOINT_SECRETS_MAX (2 * ENDPOINT_HEADERS_MAX)

struct endpoint {
    struct arena *arena;  /* of all that is kept; borrowed */
    const char *base_url; /* without a slash at the end */
    const char *host;     /* with its port, for sentences: "127.0.0.1:8080" */
    struct fetch_header headers[ENDPOINT_HEADERS_MAX];
    size_t header_count;
    const char *secrets[ENDPOINT_SECRETS_MAX];
    size_t secret_count;
};

/* Without slashes and `suffix` at its end. `setting` is where it comes from, for the error. */
bool endpoint_set_url(struct endpoint *endpoint, const char *setting, struct str url,
                      struct str suffix, struct error *err);
/* Whether the address is at OpenAI itself, by its host's whole name, with the usual port or none: a
 * gateway's may begin or end with it. */
bool endpoint_is_openai(struct str url);
/* Whether the address has no path of its own. */
bool endpoint_is_bare(const struct endpoint *endpoint);
/* What comes after the host, "" or "/v1". */
const char *endpoint_path(const struct endpoint *endpoint);
/* Borrowed. */
void endpoint_add_header(struct endpoint *endpoint, const char *name, const char *value);
/* `prefix` and `secret` in one value; copied. */
void endpoint_add_secret_header(struct endpoint *endpoint, const char *name, const char *prefix,
                                const char *secret);
/* "NAME: VALUE", several with commas between them: all are secrets. */
bool endpoint_add_secret_headers(struct endpoint *endpoint, const char *setting, const char *lines,
                                 struct error *err);
/* Percent-encoded for a path or query. */
const char *endpoint_escape(const char *text, struct arena *arena);
/* A text of that server in one line, cut, and without the secrets. */
const char *endpoint_clean(const struct endpoint *endpoint, struct str text, struct arena *arena);
/* Overwrites the secrets, before the arena is freed. */
void endpoint_wipe(struct endpoint *endpoint);

#endif
