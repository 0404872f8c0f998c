/* SPDX-License-Identifier: Apache-2.0 */
/* Heads read by llhttp, the successor of http-parser; head_http_parser.c does the same with that.
 */
#include <llhttp.h>

#include "http/parser.h"

static int take_target(llhttp_t *parser, const char *at, size_t length)
{
    struct head_fields *fields = parser->data;
    fields->target = (struct str){at, length};
    return 0;
}

static int take_name(llhttp_t *parser, const char *at, size_t length)
{
    struct head_fields *fields = parser->data;
    if (fields->header_count == fields->header_max)
        return -1;
    fields->headers[fields->header_count++] = (struct http_header){.name = {at, length}};
    return 0;
}

static int take_value(llhttp_t *parser, const char *at, size_t length)
{
    struct head_fields *fields = parser->data;
    if (fields->header_count == 0)
        return -1;
    fields->headers[fields->header_count - 1].value = (struct str){at, length};
    return 0;
}

static int skip_body(llhttp_t *parser)
{
    return 1;
}

static int stop(llhttp_t *parser)
{
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = take_target,
    .on_header_field = take_name,
    .on_header_value = take_value,
    .on_headers_complete = skip_body,
    .on_message_complete = stop,
};

bool head_fields_read(struct str head, struct head_fields *fields)
{
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    parser.data = fields;
    /* Any method of ours is this one to the library. */
    if (llhttp_execute(&parser, "POST", 4) != HPE_OK)
        return false;
    /* Paused: the message ended. With its last byte, or the library saw another end than we. */
    return llhttp_execute(&parser, head.bytes, head.length) == HPE_PAUSED &&
           llhttp_get_error_pos(&parser) + 1 >= head.bytes + head.length;
}
