/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From bytes to a request, in three layers:
 *
 *     head_scan()         every byte once, as it comes: finds the end of the head, and refuses what
 *                         parsers read differently (bare CR or LF, folded lines, control characters)
 *     head_fields_read()  the library splits the whole head into target and header fields
 *     head_check()        what the fields mean: lengths, host, connection, and the target's form
 *
 * Where one server sees one request and the next sees two, a request can be smuggled. So nothing is
 * repaired here: what is not exactly right is refused and the connection closed. Bodies are not given
 * to the library: as distributions build it, it does not look at the line ends of chunks.
 */
#ifndef QUERENT_HTTP_PARSER_H
#define QUERENT_HTTP_PARSER_H

#include "http/server.h"

#define METHOD_BYTES_MAX 32

/* Why a request is refused. */
struct refusal {
    int status;
    const char *message; /* static */
};
/* Fills *why and returns false. */
bool refuse(struct refusal *why, int status, const char *message);

/* How far a head has been looked at. Starts as zeros. */
struct head_scan {
    size_t length;      /* bytes so far, empty lines before the head included */
    size_t line_length; /* of the line so far */
    size_t lines;       /* whole ones */
    unsigned skip;      /* bytes of an empty line in front, which old clients send after a body */
    bool carriage;      /* the last byte was CR */
};
enum scan_result { SCAN_MORE, SCAN_WHOLE, SCAN_REFUSED };
/* Looks at the next bytes of a head. SCAN_WHOLE: *used is how many belong to it. */
enum scan_result head_scan(struct head_scan *scan, const struct http_limits *limits,
                           struct str bytes, size_t *used, struct refusal *why);

/* What the library finds. The strings point into the head. A value that it did not come to has no
 * bytes (NULL). */
struct head_fields {
    struct str target;
    struct http_header *headers; /* room for header_max */
    size_t header_count;
    size_t header_max;
};
/* `head` begins behind the method (the library knows only a list of them) and ends with its empty
 * line. One of head_http_parser.c and head_llhttp.c is built. */
bool head_fields_read(struct str head, struct head_fields *fields);

/* A request's head, understood. */
struct head {
    struct str method, target, path, query;
    struct str authority;        /* of a target with a host; empty: of one without */
    struct http_header *headers; /* "Host" is that of the target, where it has one */
    size_t header_count;
    int version_minor;
    bool keep_alive;
    bool chunked;
    bool expects_continue;
    uint64_t content_length; /* 0 when chunked */
};
/* `block` is whole and scanned with `scan`, and lives in the arena or as long as it. */
bool head_parse(struct str block, const struct head_scan *scan, const struct http_limits *limits,
                struct arena *arena, struct head *head, struct refusal *why);

/*
 * A body in chunks. Starts as zeros. Takes bytes off the front of *bytes: true with some *data of
 * the body; with none when all bytes are used up or chunked->done. The body, extensions and
 * trailers are bounded; the latter two are checked and dropped.
 */
#define CHUNK_EXTENSIONS_MAX 4096 /* bytes of all extensions of a body */
#define CHUNK_TRAILERS_MAX 4096   /* bytes of all trailers */
struct chunked {
    uint64_t left;  /* of the chunk */
    uint64_t total; /* of all chunks so far, this one included */
    uint32_t extension_bytes;
    uint32_t trailer_bytes;
    uint8_t state;
    uint8_t digits; /* of the size, so far */
    bool done;
};
bool chunked_next(struct chunked *chunked, size_t body_max, struct str *bytes, struct str *data,
                  struct refusal *why);

/* A method or the name of a header field (RFC 9110, 5.6.2). */
bool is_token(struct str text);

#endif
