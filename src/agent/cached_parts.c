/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/cached_parts.h"

#include <string.h>

#include "core/settings.h"
#include "prompt/prompt.h"

void cache_parts_add(struct cache_parts *parts, struct str part)
{
    parts->items = arena_grow(parts->arena, parts->items, parts->count, &parts->capacity,
                              sizeof(*parts->items));
    parts->items[parts->count++] = part;
}

void cache_parts_add_text(struct cache_parts *parts, const char *text)
{
    cache_parts_add(parts, str_from(text));
}

static void add_bytes(struct cache_parts *parts, const void *bytes, size_t length)
{
    cache_parts_add(parts, (struct str){arena_memdup(parts->arena, bytes, length), length});
}

void cache_parts_add_integer(struct cache_parts *parts, int64_t number)
{
    add_bytes(parts, &number, sizeof(number));
}

void cache_parts_add_double(struct cache_parts *parts, double number)
{
    add_bytes(parts, &number, sizeof(number));
}

bool cache_parts_restricted(const struct access_rules *access)
{
    return access->roles.count > 0 || access->users.count > 0 || access->rows ||
           access->hidden.count > 0 || access->mask || access->mask_model.count > 0 ||
           access->min_group > 0;
}

void cache_parts_add_dataset(struct cache_parts *parts, const struct run *run,
                             const struct dataset *dataset)
{
    cache_parts_add_text(parts, dataset->id);
    cache_parts_add_text(parts, dataset->version);
    cache_parts_add_text(parts, cache_parts_restricted(&dataset->access) ? run->question.user_id : "");
}

void cache_parts_add_limits(struct cache_parts *parts)
{
    cache_parts_add_integer(parts, settings_integer("QUERENT_ROW_LIMIT"));
    cache_parts_add_integer(parts, settings_integer("QUERENT_RESULT_BYTES_MAX"));
    cache_parts_add_integer(parts, settings_integer("QUERENT_WORKER_MEMORY_MB"));
}

struct str cache_parts_fold_blanks(struct arena *arena, const char *text)
{
    if (strpbrk(text, "\"'`") || strstr(text, "\xE2\x80")) /* the latter: typographic quotes */
        return str_from(text);
    char *folded = arena_alloc(arena, strlen(text) + 1), *end = folded;
    for (const char *c = text; *c; c++)
        if (!char_is_space(*c))
            *end++ = *c;
        else if (end > folded && end[-1] != ' ')
            *end++ = ' ';
    return (struct str){folded, (size_t)(end - folded)};
}

/* Two servers may have different models of one name. */
void cache_parts_add_llm(struct cache_parts *parts, const struct run *run)
{
    static const char *const servers[] = {"ANTHROPIC_BASE_URL", "OPENAI_BASE_URL", "OPENAI_API_VERSION"};
    cache_parts_add_text(parts, llm_chosen());
    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        const char *url = settings_text(servers[i]);
        cache_parts_add_text(parts, url ? url : "");
    }
    cache_parts_add_text(parts, prompt_version());
    cache_parts_add_text(parts, planner_version(run->agent->planner)); /* it may answer, too */
    cache_parts_add_integer(parts, settings_integer("QUERENT_PLANNER_FIRST"));
    cache_parts_add_integer(parts, settings_integer("QUERENT_MODEL_BRIEF"));
}

struct cache_key cache_parts_key(const struct cache_parts *parts, enum cache_type type)
{
    return cache_key_make(type, parts->items, parts->count);
}
