/* SPDX-License-Identifier: Apache-2.0 */
#include "retrieval/document.h"

#include <string.h>
#include <strings.h>

#include "core/str.h"
#include "core/strbuf.h"
#include "retrieval/text.h"

#define PART_SIZE_MAX (16 * 1024)  /* bytes of one name or detail that count */
#define SHOWN_SIZE_MAX (32 * 1024) /* what is over is cut: some models take 8,192 tokens */

static const char *plain_name(struct arena *arena, struct str name)
{
    struct strbuf plain = strbuf_init(2 * PART_SIZE_MAX);
    text_add_plain_name(&plain, str_cut_utf8(str_trim(name), PART_SIZE_MAX));
    const char *text = arena_strndup(arena, strbuf_text(&plain), plain.length);
    strbuf_clear(&plain);
    return text;
}

/* Names such as t_204_1 or 7 are there for machines: nobody asks for them. */
static bool has_a_word(const char *name)
{
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c >= 0x80 || (char_is_alpha(c[0]) && char_is_alpha(c[1])))
            return true;
    return false;
}

static void add_name(struct document *document, const char *name)
{
    if (!has_a_word(name))
        return;
    for (size_t i = 0; i < document->name_count; i++)
        if (strcasecmp(document->names[i], name) == 0)
            return;
    document->names[document->name_count++] = name;
}

/* "sales.orders" is two names: what it is in, and what it is. The last part comes first. */
static void add_qualified_name(struct document *document, struct arena *arena, const char *name)
{
    struct str rest = str_from(name);
    while (rest.length > 0 && document->name_count + 1 < DOCUMENT_NAMES_MAX) {
        size_t start = rest.length;
        while (start > 0 && rest.bytes[start - 1] != '.' && rest.bytes[start - 1] != '/')
            start--;
        add_name(document, plain_name(arena, str_slice(rest, start, rest.length)));
        rest.length = start > 0 ? start - 1 : 0;
    }
}

static void add_names(struct document *document, const struct dataset *dataset, struct arena *arena)
{
    const char *const qualified[] = {dataset->table_name, dataset->id, dataset->source.table};
    document->names = arena_array(arena, DOCUMENT_NAMES_MAX, sizeof(*document->names));
    if (dataset->title)
        add_name(document, plain_name(arena, str_from(dataset->title)));
    for (size_t i = 0; i < sizeof(qualified) / sizeof(qualified[0]); i++)
        if (qualified[i])
            add_qualified_name(document, arena, qualified[i]);
    for (size_t i = 0; i < dataset->synonyms.count; i++)
        if (document->name_count < DOCUMENT_NAMES_MAX)
            add_name(document, plain_name(arena, str_from(dataset->synonyms.items[i])));
}

static void add_detail(struct document *document, struct arena *arena, const char *name,
                       const struct text_list *synonyms, const char *description)
{
    struct strbuf text = strbuf_init(2 * PART_SIZE_MAX);
    strbuf_add(&text, name);
    for (size_t i = 0; i < synonyms->count; i++) {
        strbuf_add(&text, ", ");
        text_add_plain_name(&text, str_cut_utf8(str_from(synonyms->items[i]), 1024));
    }
    if (description) {
        strbuf_add(&text, ", ");
        strbuf_add_str(&text, str_cut_utf8(str_from(description), PART_SIZE_MAX / 2));
    }
    document->details[document->detail_count++] =
        arena_strndup(arena, strbuf_text(&text), text.length);
    strbuf_clear(&text);
}

static const char *column_name(struct arena *arena, const struct column *column)
{
    const char *plain = plain_name(arena, str_from(column->name));
    return column->label && strcasecmp(column->label, plain) != 0 ? column->label : plain;
}

static bool is_hidden(const struct dataset *dataset, const struct column *column)
{
    for (size_t i = 0; i < dataset->access.hidden.count; i++)
        if (strcasecmp(dataset->access.hidden.items[i], column->name) == 0)
            return true;
    return false;
}

static void add_details(struct document *document, const struct dataset *dataset,
                        bool with_hidden, struct arena *arena)
{
    document->details =
        arena_array(arena, dataset->column_count + dataset->metric_count + dataset->filter_count,
                    sizeof(*document->details));
    for (size_t i = 0; i < dataset->column_count; i++) {
        const struct column *column = &dataset->columns[i];
        if (!with_hidden && is_hidden(dataset, column))
            continue;
        add_detail(document, arena, column_name(arena, column), &column->synonyms,
                   column->description);
    }
    for (size_t i = 0; i < dataset->metric_count; i++) {
        const struct metric *metric = &dataset->metrics[i];
        add_detail(document, arena, plain_name(arena, str_from(metric->name)), &metric->synonyms,
                   metric->description);
    }
    for (size_t i = 0; i < dataset->filter_count; i++) {
        const struct named_filter *filter = &dataset->filters[i];
        add_detail(document, arena, plain_name(arena, str_from(filter->name)), &filter->synonyms,
                   filter->description);
    }
}

static const char *description_of(const struct dataset *dataset, struct arena *arena)
{
    if (dataset->description && dataset->grain)
        return arena_printf(arena, "%s. %s", dataset->description, dataset->grain);
    return dataset->description ? dataset->description : dataset->grain;
}

static struct document *make(const struct dataset *dataset, bool with_hidden, struct arena *arena)
{
    struct document *document = arena_alloc(arena, sizeof(*document));
    add_names(document, dataset, arena);
    add_details(document, dataset, with_hidden, arena);
    document->description = description_of(dataset, arena);
    return document;
}

struct document *document_of(const struct dataset *dataset, struct arena *arena)
{
    return make(dataset, true, arena);
}

static void add_list(struct strbuf *text, const char *const *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        strbuf_printf(text, "%s%s", i > 0 ? ", " : "", items[i]);
}

struct str document_shown(const struct dataset *dataset, struct arena *arena)
{
    const struct document *document = make(dataset, false, arena);
    struct strbuf text = strbuf_init(SHOWN_SIZE_MAX);
    add_list(&text, document->names, document->name_count);
    if (document->description)
        strbuf_printf(&text, ". %s", document->description);
    strbuf_add(&text, ". ");
    add_list(&text, document->details, document->detail_count);
    struct str copy = arena_str(arena, str_cut_utf8(strbuf_str(&text), SHOWN_SIZE_MAX));
    strbuf_clear(&text);
    return copy;
}
