/* SPDX-License-Identifier: Apache-2.0 */
/* Heads read by http-parser; head_llhttp.c does the same with its successor. */
#include <http_parser.h>

#include "http/parser.h"

static int take_target(http_parser *parser, const char *at, size_t length)
{
    struct head_fields *fields = parser->data;
    fields->target = (struct str){at, length};
    return 0;
}

static int take_name(http_parser *parser, const char *at, size_t length)
{
    struct head_fields *fields = parser->data;
    if (fields->header_count == fields->header_max)
        return -1;
    fields->headers[fields->header_count++] = (struct http_header){.name = {at, length}};
    return 0;
}

static int take_value(http_parser *parser, const char *at, size_t length)
{
    struct head_fields *fields = parser->data;
    if (fields->header_count == 0)
        return -1;
    fields->headers[fields->header_count - 1].value = (struct str){at, length};
    return 0;
}

static int skip_body(http_parser *parser)
{
    return 1;
}

static int stop(http_parser *parser)
{
    http_parser_pause(parser, 1);
    return 0;
}

static const http_parser_settings settings = {
    .on_url = take_target,
    .on_header_field = take_name,
    .on_header_value = take_value,
    .on_headers_complete = skip_body,
    .on_message_complete = stop,
};

bool head_fields_read(struct str head, struct head_fields *fields)
{
    http_parser parser;
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = fields;
    /* Any method of ours is this one to the library. */
    if (http_parser_execute(&parser, &settings, "POST", 4) != 4)
        return false;
    size_t used = http_parser_execute(&parser, &settings, head.bytes, head.length);
    /* Paused: the message ended. With its last byte, or the library saw another end than we. */
    return HTTP_PARSER_ERRNO(&parser) == HPE_PAUSED && used + 1 >= head.length;
}
