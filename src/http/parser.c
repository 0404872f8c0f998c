/* SPDX-License-Identifier: Apache-2.0 */
#include "http/parser.h"

#include <string.h>

/* Of the request line beside its target: the method, two spaces, "HTTP/1.1". */
#define REQUEST_LINE_REST_MAX (METHOD_BYTES_MAX + 2 + 8)
#define CONTENT_LENGTH_DIGITS_MAX 18 /* fits 64 bits */

bool refuse(struct refusal *why, int status, const char *message)
{
    *why = (struct refusal){status, message};
    return false;
}

static bool is_token_byte(char c)
{
    switch (c) {
    case '0' ... '9':
    case 'A' ... 'Z':
    case 'a' ... 'z':
    case '!':
    case '#' ... '\'':
    case '*':
    case '+':
    case '-':
    case '.':
    case '^' ... '`':
    case '|':
    case '~':
        return true;
    default:
        return false;
    }
}

bool is_token(struct str text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!is_token_byte(text.bytes[i]))
            return false;
    return text.length > 0;
}

/* At the end of a line: whether it ended the head, or what is wrong. */
static enum scan_result end_line(struct head_scan *scan, const struct http_limits *limits,
                                 struct refusal *why)
{
    scan->carriage = false;
    if (scan->line_length == 0 && scan->lines > 0)
        return SCAN_WHOLE;
    if (scan->line_length == 0) {
        if (scan->skip > 0) {
            refuse(why, 400, "empty lines before the request");
            return SCAN_REFUSED;
        }
        scan->skip = 2;
        return SCAN_MORE;
    }
    scan->line_length = 0;
    if (++scan->lines > limits->header_count + 1) {
        refuse(why, 431, "too many header fields");
        return SCAN_REFUSED;
    }
    return SCAN_MORE;
}

/* A byte that is neither CR nor LF, within a line. */
static bool check_byte(struct head_scan *scan, const struct http_limits *limits, unsigned char c,
                       struct refusal *why)
{
    if ((c < 0x20 && c != '\t') || c == 0x7f)
        return refuse(why, 400, "a control character in the head of the request");
    if (scan->line_length == 0 && scan->lines > 0 && (c == ' ' || c == '\t'))
        return refuse(why, 400, "a folded header field");
    scan->line_length++;
    if (scan->lines == 0 && scan->line_length > limits->target_bytes + REQUEST_LINE_REST_MAX)
        return refuse(why, 414, "the target of the request is too long");
    return true;
}

enum scan_result head_scan(struct head_scan *scan, const struct http_limits *limits,
                           struct str bytes, size_t *used, struct refusal *why)
{
    for (size_t i = 0; i < bytes.length; i++) {
        unsigned char c = (unsigned char)bytes.bytes[i];
        if (++scan->length > limits->header_bytes) {
            refuse(why, 431, "the head of the request is too large");
            return SCAN_REFUSED;
        }
        if (scan->carriage != (c == '\n')) {
            refuse(why, 400, "a line that does not end with CR and LF");
            return SCAN_REFUSED;
        }
        if (c == '\r') {
            scan->carriage = true;
        } else if (c != '\n') {
            if (!check_byte(scan, limits, c, why))
                return SCAN_REFUSED;
        } else {
            enum scan_result result = end_line(scan, limits, why);
            if (result != SCAN_MORE) {
                *used = i + 1;
                return result;
            }
        }
    }
    *used = bytes.length;
    return SCAN_MORE;
}

/* The target, which the library found behind the method and one space, and what follows it. */
static bool check_request_line(struct str block, struct head *head,
                               const struct http_limits *limits, struct refusal *why)
{
    struct str target = head->target;
    size_t after = head->method.length + 1 + target.length;
    struct str rest = str_slice(block, after, after + 11); /* " HTTP/1.1\r\n" */
    if (target.bytes != block.bytes + head->method.length + 1 || rest.length < 11 ||
        !str_starts(rest, STR(" HTTP/")) || !char_is_digit(rest.bytes[6]) || rest.bytes[7] != '.' ||
        !char_is_digit(rest.bytes[8]) || rest.bytes[9] != '\r')
        return refuse(why, 400, "a bad request line");
    if (rest.bytes[6] != '1' || rest.bytes[8] > '1')
        return refuse(why, 505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    head->version_minor = rest.bytes[8] - '0';
    if (target.length > limits->target_bytes)
        return refuse(why, 414, "the target of the request is too long");
    return true;
}

/* Hosts end up in redirects: nothing that could begin a path, a query or another host. */
static bool is_host(struct str text)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.bytes[i];
        if (!char_is_alnum(c) && !(c && strchr("-._~%:[]", c)))
            return false;
    }
    return true;
}

/* "http://host/path", as to a proxy, which servers must understand too (RFC 9112, 3.2.2): takes
 * the host off. Without a path it is the root, or "*" for OPTIONS. */
static bool split_authority(struct head *head, struct str *target, struct refusal *why)
{
    static const struct str schemes[] = {{"http://", 7}, {"https://", 8}};
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t length = schemes[i].length, end = length;
        if (!str_equal_nocase(str_slice(*target, 0, length), schemes[i]))
            continue;
        while (end < target->length && target->bytes[end] != '/' && target->bytes[end] != '?')
            end++;
        head->authority = str_slice(*target, length, end);
        if (head->authority.length == 0 || !is_host(head->authority))
            return refuse(why, 400, "a bad host in the target of the request");
        *target = str_slice(*target, end, target->length);
        if (target->length == 0)
            *target = str_equal(head->method, STR("OPTIONS")) ? STR("*") : STR("/");
        return true;
    }
    return true;
}

/* A path, with or without a host before it, or "*" for OPTIONS. */
static bool check_target(struct head *head, struct refusal *why)
{
    struct str target = head->target;
    for (size_t i = 0; i < target.length; i++) {
        unsigned char c = (unsigned char)target.bytes[i];
        if (c <= 0x20 || c >= 0x7f || c == '#')
            return refuse(why, 400, "a character in the target that must be percent-encoded");
    }
    if (!split_authority(head, &target, why))
        return false;
    const char *mark = target.length > 0 ? memchr(target.bytes, '?', target.length) : NULL;
    size_t path_length = mark ? (size_t)(mark - target.bytes) : target.length;
    head->path = str_slice(target, 0, path_length);
    head->query = mark ? str_slice(target, path_length + 1, target.length) : (struct str){"", 0};
    if (head->path.length == 0 && head->authority.length > 0)
        head->path = STR("/");
    bool star = str_equal(target, STR("*")) && str_equal(head->method, STR("OPTIONS"));
    return star || str_starts(head->path, STR("/")) ||
           refuse(why, 400, "the target of the request is not a path");
}

/* What head_check() has seen so far. */
struct seen {
    struct refusal *why;
    bool host, length, coding, close, keep_alive;
};

static bool check_host(struct str value, struct head *head, struct seen *seen)
{
    if (seen->host)
        return refuse(seen->why, 400, "more than one Host");
    seen->host = true;
    return is_host(value) || refuse(seen->why, 400, "a bad Host");
}

static bool check_content_length(struct str value, struct head *head, struct seen *seen)
{
    int64_t length = 0;
    if (seen->length)
        return refuse(seen->why, 400, "more than one Content-Length");
    seen->length = true;
    bool digits = value.length > 0 && value.length <= CONTENT_LENGTH_DIGITS_MAX;
    for (size_t i = 0; i < value.length; i++)
        digits &= char_is_digit(value.bytes[i]);
    if (!digits || !str_to_i64(value, &length))
        return refuse(seen->why, 400, "a bad Content-Length");
    head->content_length = (uint64_t)length;
    return true;
}

/* RFC 9112, 6.1 and 6.3: other codings before the chunks are only not known here, anything else
 * leaves the length open. */
static bool refuse_coding(struct str value, struct refusal *why)
{
    unsigned chunked = 0;
    bool last = false;
    struct str part;
    while (str_split(&value, ',', &part)) {
        last = str_equal_nocase(str_trim(part), STR("chunked"));
        chunked += last;
    }
    if (last && chunked == 1)
        return refuse(why, 501, "a Transfer-Encoding that is not known here");
    return refuse(why, 400, "a bad Transfer-Encoding");
}

static bool check_transfer_encoding(struct str value, struct head *head, struct seen *seen)
{
    if (seen->coding)
        return refuse(seen->why, 400, "more than one Transfer-Encoding");
    seen->coding = true;
    if (!str_equal_nocase(value, STR("chunked")))
        return refuse_coding(value, seen->why);
    if (head->version_minor == 0)
        return refuse(seen->why, 400, "a Transfer-Encoding in HTTP/1.0");
    head->chunked = true;
    return true;
}

static bool check_connection(struct str value, struct head *head, struct seen *seen)
{
    struct str part;
    while (str_split(&value, ',', &part)) {
        part = str_trim(part);
        seen->close |= str_equal_nocase(part, STR("close"));
        seen->keep_alive |= str_equal_nocase(part, STR("keep-alive"));
    }
    return true;
}

static bool check_expect(struct str value, struct head *head, struct seen *seen)
{
    if (head->version_minor == 0)
        return true; /* RFC 9110, 10.1.1 */
    if (!str_equal_nocase(value, STR("100-continue")))
        return refuse(seen->why, 417, "an expectation that is not known here");
    head->expects_continue = true;
    return true;
}

static const struct field_check {
    struct str name;
    bool (*check)(struct str value, struct head *head, struct seen *seen);
} field_checks[] = {
    {{"host", 4}, check_host},
    {{"content-length", 14}, check_content_length},
    {{"transfer-encoding", 17}, check_transfer_encoding},
    {{"connection", 10}, check_connection},
    {{"expect", 6}, check_expect},
};

static bool check_field(struct http_header *header, struct head *head, struct seen *seen)
{
    if (!is_token(header->name))
        return refuse(seen->why, 400, "a bad name of a header field");
    header->value = str_trim(header->value);
    for (size_t i = 0; i < sizeof(field_checks) / sizeof(field_checks[0]); i++)
        if (str_equal_nocase(header->name, field_checks[i].name))
            return field_checks[i].check(header->value, head, seen);
    return true;
}

/* `whole`: the library read all fields, so that one that is not there is missing. */
static bool head_check(struct head *head, bool whole, const struct http_limits *limits,
                       struct refusal *why)
{
    struct seen seen = {.why = why};
    for (size_t i = 0; i < head->header_count; i++) {
        struct http_header *header = &head->headers[i];
        if (!header->value.bytes && !whole)
            return refuse(why, 400, "a bad header field");
        if (!header->value.bytes)
            header->value = STR("");
        if (!check_field(header, head, &seen))
            return false;
    }
    if (seen.length && seen.coding)
        return refuse(why, 400, "both Content-Length and Transfer-Encoding");
    if (whole && !seen.host && head->version_minor == 1)
        return refuse(why, 400, "no Host");
    if (head->content_length > limits->body_bytes)
        return refuse(why, 413, "the body of the request is too large");
    head->keep_alive = !seen.close && (head->version_minor == 1 || seen.keep_alive);
    return true;
}

/* The host in the target is the one that counts. There is room for a field more than were sent. */
static void take_host_of_target(struct head *head)
{
    size_t i = 0;
    while (i < head->header_count && !str_equal_nocase(head->headers[i].name, STR("Host")))
        i++;
    if (i == head->header_count)
        head->header_count++;
    head->headers[i] = (struct http_header){STR("Host"), head->authority};
}

bool head_parse(struct str block, const struct head_scan *scan, const struct http_limits *limits,
                struct arena *arena, struct head *head, struct refusal *why)
{
    block = str_slice(block, scan->skip, block.length);
    const char *space = memchr(block.bytes, ' ', block.length);
    head->method = str_slice(block, 0, space ? (size_t)(space - block.bytes) : 0);
    if (!is_token(head->method) || head->method.length > METHOD_BYTES_MAX)
        return refuse(why, 400, "a bad request line");
    struct head_fields fields = {.header_max = scan->lines - 1};
    fields.headers = arena_array(arena, scan->lines, sizeof(fields.headers[0]));
    bool read = head_fields_read(str_slice(block, head->method.length, block.length), &fields);
    head->target = fields.target;
    head->headers = fields.headers;
    head->header_count = fields.header_count;
    /* What the library refuses is looked at all the same: our own checks say more. */
    if (!fields.target.bytes)
        return refuse(why, 400, "a bad request line");
    if (!check_request_line(block, head, limits, why) || !check_target(head, why) ||
        !head_check(head, read, limits, why))
        return false;
    if (head->authority.length > 0)
        take_host_of_target(head);
    return read || refuse(why, 400, "a bad header field");
}
