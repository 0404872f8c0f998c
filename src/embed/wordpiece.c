/* SPDX-License-Identifier: Apache-2.0 */
#include "embed/wordpiece.h"

#include <assert.h>
#include <utf8proc.h>

enum character_class { CLASS_DROPPED, CLASS_BLANK, CLASS_SINGLE, CLASS_LETTER };

struct wordpiece_scan wordpiece_start(struct str text)
{
    return (struct wordpiece_scan){.rest = text};
}

static bool is_ascii_punctuation(int32_t c)
{
    return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
           (c >= 123 && c <= 126);
}

/* The blocks that BERT's own tokenizer counts as Chinese characters. */
static bool is_ideograph(int32_t c)
{
    static const struct {
        int32_t first, last;
    } blocks[] = {
        {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xF900, 0xFAFF},   {0x20000, 0x2A6DF},
        {0x2A700, 0x2B73F}, {0x2B740, 0x2B81F}, {0x2B820, 0x2CEAF}, {0x2F800, 0x2FA1F},
    };
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
        if (c >= blocks[i].first && c <= blocks[i].last)
            return true;
    return false;
}

static enum character_class class_of(int32_t c)
{
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
        return CLASS_BLANK;
    if (is_ascii_punctuation(c))
        return CLASS_SINGLE;
    if (c == 0xFFFD)
        return CLASS_DROPPED;
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CS:
        return CLASS_DROPPED;
    case UTF8PROC_CATEGORY_ZS:
        return CLASS_BLANK;
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
        return CLASS_SINGLE;
    default:
        return is_ideograph(c) ? CLASS_SINGLE : CLASS_LETTER;
    }
}

/* Where an identifier has a seam: aB, 1B, a1. */
static bool is_seam(char before, char after)
{
    bool upper = after >= 'A' && after <= 'Z';
    if (upper)
        return (before >= 'a' && before <= 'z') || char_is_digit(before);
    return char_is_digit(after) && char_is_alpha(before);
}

/* Takes one character off the text and puts what it becomes into `pending`. */
static void read_character(struct wordpiece_scan *scan)
{
    scan->pending_at = scan->pending_count = 0;
    unsigned char first = (unsigned char)scan->rest.bytes[0];
    utf8proc_ssize_t size = 1;
    if (first < 0x80) {
        char c = (char)first;
        if (is_seam(scan->previous, c))
            scan->pending[scan->pending_count++] = ' ';
        scan->pending[scan->pending_count++] = c == '_' ? ' ' : char_lower(c);
        scan->previous = c;
    } else {
        int32_t c;
        size = utf8proc_iterate((const utf8proc_uint8_t *)scan->rest.bytes,
                                (utf8proc_ssize_t)scan->rest.length, &c);
        scan->previous = '\0';
        if (size > 0) {
            int boundary = 0;
            utf8proc_ssize_t count =
                utf8proc_decompose_char(utf8proc_tolower(c), scan->pending, WORDPIECE_PENDING_MAX,
                                        UTF8PROC_DECOMPOSE, &boundary);
            if (count > 0 && count <= WORDPIECE_PENDING_MAX)
                scan->pending_count = (size_t)count;
        } else {
            size = 1;
        }
    }
    scan->rest.bytes += size;
    scan->rest.length -= (size_t)size;
}

bool wordpiece_next(struct wordpiece_scan *scan)
{
    size_t characters = 0;
    scan->length = 0;
    scan->too_long = false;
    for (;;) {
        if (scan->pending_at == scan->pending_count) {
            if (scan->rest.length == 0)
                return characters > 0;
            read_character(scan);
            continue;
        }
        int32_t c = scan->pending[scan->pending_at];
        enum character_class class = class_of(c);
        if (class == CLASS_SINGLE && characters > 0)
            return true; /* c stays pending and is the next word */
        scan->pending_at++;
        if (class == CLASS_BLANK && characters > 0)
            return true;
        if (class == CLASS_DROPPED || class == CLASS_BLANK)
            continue;
        if (characters == WORDPIECE_CHARACTERS_MAX) {
            scan->too_long = true;
            continue;
        }
        scan->length +=
            (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)scan->word + scan->length);
        characters++;
        if (class == CLASS_SINGLE)
            return true;
    }
}
