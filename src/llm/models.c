/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sources, read in November 2026: the vendors' model, pricing and prompt caching pages
 * (platform.claude.com/docs, developers.openai.com/api/docs). Where these say nothing, the row does
 * not either.
 */
#include "llm/models.h"

#include <math.h>
#include <string.h>

#include "core/clock.h"

#define ANTHROPIC "anthropic"
#define OPENAI "openai"
#define PRICE(in, read, write, out) .priced = true, .price = {in, read, write, out}

static const struct model_facts table[] = {
    {ANTHROPIC, "claude-sonnet-4-6", .temperature = true, .structured = true, .forced_tool = true,
     .thinking = MODEL_THINKS_NOT, .cached_prefix_min = 1024, .output_tokens_max = 64000,
     PRICE(3000, 300, 3750, 15000)},
    {ANTHROPIC, "claude-sonnet-5-5", .structured = true, .cached_prefix_min = 512,
     .thinking = MODEL_THINKS_UNLESS_BETWEEN_TOOLS, .output_tokens_max = 128000,
     PRICE(2000, 100, 2500, 10000)},
    {ANTHROPIC, "claude-sonnet-5", .structured = true, .forced_tool = true,
     .thinking = MODEL_THINKS_UNLESS_DISABLED, .cached_prefix_min = 1024,
     .output_tokens_max = 128000, PRICE(2000, 200, 2500, 10000)},
    {ANTHROPIC, "claude-haiku-5-5", .structured = true, .cached_prefix_min = 512,
     .output_tokens_max = 128000, PRICE(100, 10, 125, 500), .priced_prompt_max = 100000},
    {ANTHROPIC, "claude-opus-5-5", .structured = true, .thinking = MODEL_THINKS_ALWAYS,
     .cached_prefix_min = 512, .output_tokens_max = 128000, PRICE(4000, 200, 5000, 20000)},
    {ANTHROPIC, "claude-opus-5", .structured = true, .forced_tool = true,
     .thinking = MODEL_THINKS_UNLESS_DISABLED, .cached_prefix_min = 512,
     .output_tokens_max = 128000, PRICE(5000, 500, 6250, 25000)},
    {ANTHROPIC, "claude-opus-4-8", .structured = true, .forced_tool = true,
     .thinking = MODEL_THINKS_NOT, .cached_prefix_min = 1024, PRICE(5000, 500, 6250, 25000)},
    {ANTHROPIC, "claude-opus-4-7", .structured = true, .forced_tool = true,
     .thinking = MODEL_THINKS_NOT, .cached_prefix_min = 2048, .output_tokens_max = 128000,
     PRICE(5000, 500, 6250, 25000)},
    {ANTHROPIC, "claude-opus-4-6", .temperature = true, .structured = true, .forced_tool = true,
     .thinking = MODEL_THINKS_NOT, .cached_prefix_min = 4096, PRICE(5000, 500, 6250, 25000)},
    {ANTHROPIC, "claude-opus-4-5", .temperature = true, .structured = true, .forced_tool = true,
     .thinking = MODEL_THINKS_NOT, .cached_prefix_min = 4096, PRICE(5000, 500, 6250, 25000)},
    {ANTHROPIC, "claude-haiku-4-5", .temperature = true, .structured = true, .forced_tool = true,
     .thinking = MODEL_THINKS_NOT, .cached_prefix_min = 4096, .output_tokens_max = 64000,
     PRICE(1000, 100, 1250, 5000)},
    {ANTHROPIC, "claude-sonnet-4-5", .retires = "2026-11-30", .successor = "claude-sonnet-4-6",
     .temperature = true, .structured = true, .forced_tool = true, .thinking = MODEL_THINKS_NOT,
     .cached_prefix_min = 1024, .output_tokens_max = 64000, PRICE(3000, 300, 3750, 15000)},
    {ANTHROPIC, "claude-fable-5-1", .structured = true, .thinking = MODEL_THINKS_ALWAYS,
     .cached_prefix_min = 512, .output_tokens_max = 128000, PRICE(10000, 250, 12500, 50000)},
    {ANTHROPIC, "claude-fable-5", .structured = true, .forced_tool = true,
     .thinking = MODEL_THINKS_ALWAYS, .cached_prefix_min = 512, PRICE(10000, 1000, 12500, 50000)},
    {ANTHROPIC, "claude-opus-4-1", .retires = "", .successor = "claude-opus-4-8"},
    {ANTHROPIC, "claude-opus-4-0", .retires = "", .successor = "claude-opus-4-8"},
    {ANTHROPIC, "claude-opus-4", .retires = "", .successor = "claude-opus-4-8"},
    {ANTHROPIC, "claude-sonnet-4-0", .retires = "", .successor = "claude-sonnet-4-6"},
    {ANTHROPIC, "claude-sonnet-4", .retires = "", .successor = "claude-sonnet-4-6"},
    {ANTHROPIC, "claude-3-*", .retires = "", .successor = "claude-sonnet-4-6"},
    {ANTHROPIC, "claude-2*", .retires = "", .successor = "claude-sonnet-4-6"},

    {OPENAI, "gpt-5.4-mini", .structured = true, .thinking = MODEL_THINKS_PERHAPS,
     .output_tokens_max = 128000, PRICE(750, 75, 750, 4500)},
    {OPENAI, "gpt-5.6-luna", .structured = true, .thinking = MODEL_THINKS_ALWAYS,
     .output_tokens_max = 128000, PRICE(200, 20, 250, 1200), .priced_prompt_max = 272000},
    {OPENAI, "gpt-6-luna", .structured = true, .thinking = MODEL_THINKS_ALWAYS,
     .output_tokens_max = 128000, PRICE(100, 10, 125, 500), .priced_prompt_max = 272000},
    {OPENAI, "gpt-6-sol", .structured = true, .thinking = MODEL_THINKS_ALWAYS,
     .output_tokens_max = 128000, PRICE(2000, 200, 2500, 10000), .priced_prompt_max = 272000},
    {OPENAI, "gpt-4o-mini", .temperature = true, .structured = true, .thinking = MODEL_THINKS_NOT,
     .output_tokens_max = 16384, PRICE(150, 75, 150, 600)},
    {OPENAI, "gpt-4o", .temperature = true, .structured = true, .thinking = MODEL_THINKS_NOT,
     .output_tokens_max = 16384, PRICE(2500, 1250, 2500, 10000)},
    {OPENAI, "text-embedding-3-small", .embeds = true, PRICE(20, 20, 20, 0)},
    {OPENAI, "text-embedding-3-large", .embeds = true, PRICE(130, 130, 130, 0)},
    {OPENAI, "text-embedding-ada-002", .embeds = true, PRICE(100, 100, 100, 0)},
    {OPENAI, "gpt-4*", .temperature = true, .structured = true, .thinking = MODEL_THINKS_NOT},
    {OPENAI, "gpt-5*", .structured = true, .thinking = MODEL_THINKS_ALWAYS},
    {OPENAI, "gpt-6*", .structured = true, .thinking = MODEL_THINKS_ALWAYS},
    {OPENAI, "o1*", .structured = true, .thinking = MODEL_THINKS_ALWAYS},
    {OPENAI, "o3*", .structured = true, .thinking = MODEL_THINKS_ALWAYS},
    {OPENAI, "o4*", .structured = true, .thinking = MODEL_THINKS_ALWAYS},
};
#define TABLE_COUNT (sizeof(table) / sizeof(table[0]))

static bool is_all_digits(struct str text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!char_is_digit(text.bytes[i]))
            return false;
    return true;
}

static struct str without_date(struct str id)
{
    if (id.length > 9 && id.bytes[id.length - 9] == '-' &&
        is_all_digits(str_slice(id, id.length - 8, id.length)))
        return str_slice(id, 0, id.length - 9);
    struct date date;
    if (id.length > 11 && id.bytes[id.length - 11] == '-' &&
        date_parse(str_slice(id, id.length - 10, id.length), &date))
        return str_slice(id, 0, id.length - 11);
    return id;
}

static bool fits(const struct model_facts *facts, struct str id)
{
    struct str pattern = str_from(facts->id);
    if (str_ends(pattern, STR("*")))
        return str_starts(id, str_slice(pattern, 0, pattern.length - 1));
    return str_equal(pattern, id) || str_equal(pattern, without_date(id));
}

const struct model_facts *model_find(const char *provider, const char *id)
{
    for (size_t i = 0; i < TABLE_COUNT; i++)
        if (strcmp(table[i].provider, provider) == 0 && fits(&table[i], str_from(id)))
            return &table[i];
    return NULL;
}

#define CHOICES_MAX 4

static bool can_be_chosen(const struct model_facts *facts, const char *provider)
{
    return strcmp(facts->provider, provider) == 0 && !facts->retires && !facts->embeds &&
           !strchr(facts->id, '*');
}

const char *model_print_choices(const char *provider, const char *id, struct arena *arena)
{
    const struct model_facts *gone = model_find(provider, id);
    const char *first = gone ? gone->successor : NULL, *rest[CHOICES_MAX];
    size_t count = 0;
    if (first)
        rest[count++] = first;
    for (size_t i = 0; i < TABLE_COUNT && count < CHOICES_MAX; i++)
        if (can_be_chosen(&table[i], provider) && (!first || strcmp(table[i].id, first) != 0) &&
            strcmp(table[i].id, id) != 0)
            rest[count++] = table[i].id;
    const char *text = "";
    for (size_t i = 0; i < count; i++)
        text = arena_printf(arena, "%s%s%s", text,
                            i == 0           ? ""
                            : i + 1 == count ? " or "
                                             : ", ",
                            rest[i]);
    return text;
}

#define DOLLARS_MAX 1000000

/* "3/0.3/3.75/15" */
static bool parse_price(struct str text, struct model_price *out)
{
    int64_t *const parts[] = {&out->input, &out->cached, &out->cache_write, &out->output};
    struct str rest = text, part;
    for (size_t i = 0; i < 4; i++) {
        double dollars;
        if (!str_split(&rest, '/', &part) || !str_to_double(str_trim(part), &dollars) ||
            !(dollars >= 0 && dollars <= DOLLARS_MAX))
            return false;
        *parts[i] = llround(dollars * 1000);
    }
    return !rest.bytes;
}

/* One of the setting's items; `id` is empty in one for all models. */
static bool parse_item(struct str item, struct str *id, struct model_price *out)
{
    size_t from = item.length; /* ids may have an equals sign themselves */
    while (from > 0 && item.bytes[from - 1] != '=')
        from--;
    *id = str_trim(str_slice(item, 0, from > 0 ? from - 1 : 0));
    return (from == 0 || id->length > 0) && parse_price(str_slice(item, from, item.length), out);
}

bool model_prices_check(const char *prices, struct error *err)
{
    struct str rest = str_from(prices), item, id;
    struct model_price ignored;
    while (str_split(&rest, ',', &item))
        if (!parse_item(str_trim(item), &id, &ignored))
            return error_set(err, ERROR_CONFIG,
                             "QUERENT_MODEL_PRICES has '%.*s'; allowed is "
                             "MODEL=INPUT/CACHED/WRITTEN/OUTPUT in dollars a million tokens, such "
                             "as my-model=3/0.3/3.75/15, several with commas between them",
                             STR_ARGS(str_cut_utf8(item, 80)));
    return true;
}

static bool find_set_price(const char *prices, struct str id, struct model_price *out)
{
    struct str rest = str_from(prices), item, name;
    struct model_price price;
    while (str_split(&rest, ',', &item))
        if (parse_item(str_trim(item), &name, &price) && str_equal(name, id)) {
            *out = price;
            return true;
        }
    return false;
}

/* False when the sum is beyond what 64 bits hold: a server that tells such numbers is not to be
 * believed. */
static bool add_cost(int64_t tokens, int64_t price, int64_t *sum)
{
    int64_t cost;
    return tokens >= 0 && !__builtin_mul_overflow(tokens, price, &cost) &&
           !__builtin_add_overflow(*sum, cost, sum);
}

static bool find_price(const struct model_name *name, const char *prices,
                       const struct chat_usage *usage, struct model_price *out)
{
    const char *id = *name->told ? name->told : name->asked;
    if (prices && (find_set_price(prices, str_from(name->asked), out) ||
                   find_set_price(prices, str_from(id), out)))
        return true;
    const struct model_facts *facts = model_find(name->provider, id);
    int64_t prompt = usage->input + usage->cached + usage->cache_written;
    if (facts && facts->priced &&
        (facts->priced_prompt_max == 0 || prompt <= facts->priced_prompt_max)) {
        *out = facts->price;
        return true;
    }
    return prices && find_set_price(prices, STR(""), out);
}

void model_price_usage(const struct model_name *name, const char *prices, struct chat_usage *usage)
{
    struct model_price price;
    int64_t cost = 0;
    /* A server that tells no tokens is not for free. */
    bool told = usage->input > 0 || usage->cached > 0 || usage->output > 0;
    usage->priced = told && find_price(name, prices, usage, &price) &&
                    add_cost(usage->input, price.input, &cost) &&
                    add_cost(usage->cached, price.cached, &cost) &&
                    add_cost(usage->cache_written, price.cache_write, &cost) &&
                    add_cost(usage->output, price.output, &cost);
    usage->cost_nano = usage->priced ? cost : 0;
}
