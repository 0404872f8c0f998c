/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are inside the program: the pages /docs and /redoc with what they load, so that they
 * work without any other host. Kept as gzip, and sent so to clients that take it.
 */
#ifndef QUERENT_API_PAGE_H
#define QUERENT_API_PAGE_H

#include "api/route.h"

#define PAGE_TAG_LENGTH_MAX 16

struct page {
    const char *path; /* of the URL: "/docs/docs.js" */
    const char *type;
    size_t size;     /* of the plain bytes */
    const char *tag; /* changes with them; at most PAGE_TAG_LENGTH_MAX letters and digits */
    struct str gzip;
};

/* Made by tools/pages/embed_pages.py. */
extern const struct page pages[];
extern const size_t page_count;

/* The one of that path; NULL when there is none. */
const struct page *page_find(struct str path);

/* A page of bytes that are made at run time, as the OpenAPI document. page_free() frees it. */
struct page *page_new(const char *path, const char *type, struct str plain);
void page_free(struct page *page); /* NULL is allowed */

/* Replies with the page, or with 304 where the client has it. In a task. */
TASK_WAITS void page_reply(struct api_request *request, const struct page *page);

/* Whether an Accept-Encoding header (NULL bytes: none was sent) takes gzip. */
bool page_takes_gzip(struct str accept_encoding);
/* Whether an If-None-Match header names the tag, in plain or compressed form. */
bool page_is_known(struct str if_none_match, const char *tag);

#endif
