/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Titles are cut where people see a border between characters (grapheme clusters), so that neither
 * a UTF-8 sequence nor a letter and its accent, nor a joined emoji, comes apart.
 */
#include <string.h>
#include <utf8proc.h>

#include "store/store_priv.h"

static bool is_blank(utf8proc_int32_t c)
{
    utf8proc_category_t category = utf8proc_category(c);
    return category == UTF8PROC_CATEGORY_CC || category == UTF8PROC_CATEGORY_ZS ||
           category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

/* Marks that turn the direction of what follows: cut off from their ends, they would turn the text
 * after the title as well. */
static bool turns_direction(utf8proc_int32_t c)
{
    return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

void title_make(const char *text, char *title, size_t size)
{
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text;
    utf8proc_ssize_t left = (utf8proc_ssize_t)strlen(text);
    utf8proc_int32_t before = 0, state = 0;
    size_t used = 0, characters = 0, border = 0;
    bool blank = false, cut = false;

    while (left > 0 && !cut) {
        utf8proc_int32_t c;
        utf8proc_ssize_t width = utf8proc_iterate(bytes, left, &c);
        if (width <= 0) /* not UTF-8: conversations.c and runs.c have refused it */
            break;
        bytes += width;
        left -= width;
        if (turns_direction(c))
            continue;
        if (is_blank(c)) {
            blank = used > 0;
            continue;
        }
        if (blank && characters < STORE_TITLE_LENGTH_MAX) {
            border = used;
            title[used++] = ' ';
            characters++;
            before = ' ';
            state = 0;
        }
        if (used == 0 || blank || utf8proc_grapheme_break_stateful(before, c, &state))
            border = used;
        blank = false;
        cut = characters == STORE_TITLE_LENGTH_MAX || used + (size_t)width >= size;
        if (!cut) {
            used += (size_t)utf8proc_encode_char(c, (utf8proc_uint8_t *)title + used);
            characters++;
            before = c;
        }
    }
    /* One cluster that fills the whole title is cut inside, for want of a border. */
    if (cut && border > 0)
        used = border;
    while (used > 0 && title[used - 1] == ' ')
        used--;
    title[used] = '\0';
}
