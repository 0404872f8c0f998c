/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of the providers' models: what each takes, when it goes, what it costs. One table.
 * A model that is not in it is asked with what its provider's models mostly take, and is not
 * priced.
 */
#ifndef QUERENT_LLM_MODELS_H
#define QUERENT_LLM_MODELS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/error.h"
#include "llm/chat.h"

/* How a model is kept from thinking before it answers, which costs time and output tokens. */
enum model_thinking {
    MODEL_THINKS_PERHAPS, /* not known: nothing is sent, and there is room for it */
    MODEL_THINKS_NOT,     /* unless told to */
    MODEL_THINKS_UNLESS_DISABLED,
    MODEL_THINKS_UNLESS_BETWEEN_TOOLS, /* "between_tools" leaves out the thinking at the start */
    MODEL_THINKS_ALWAYS,
};

/* US dollars / 10^9 a token, which is a thousandth of the usual dollars a million tokens. */
struct model_price {
    int64_t input, cached, cache_write, output;
};

struct model_facts {
    const char *provider;
    const char *id;      /* without a date at the end; "claude-3-*" is all that begin so */
    const char *retires; /* "2026-11-30"; "" when it is gone; NULL: nothing announced */
    const char *successor;
    bool temperature; /* takes one */
    bool structured;  /* takes a JSON schema for its reply */
    bool forced_tool; /* can be made to call a tool */
    enum model_thinking thinking;
    unsigned cached_prefix_min; /* tokens below which a prefix is not cached; 0: not known */
    unsigned output_tokens_max; /* 0: not known */
    bool priced;
    struct model_price price;
    bool embeds;               /* makes embeddings, and writes no answers */
    int64_t priced_prompt_max; /* tokens of a prompt up to which the price holds; 0: always */
};

/* NULL when the table has none. A date at the end of an id ("-20250929", "-2024-07-18") is looked
 * over. */
const struct model_facts *model_find(const char *provider, const char *id);
/* "a, b or c": the provider's models that are not about to go, the nearest to that one first; in
 * the arena. */
const char *model_print_choices(const char *provider, const char *id, struct arena *arena);

/* QUERENT_MODEL_PRICES: "ID=input/cached/written/output", several with commas between them; without
 * "ID=" for every model that has no price. Dollars a million tokens. */
bool model_prices_check(const char *prices, struct error *err);
/* A model by the name that was asked for, which may be an alias or that of a deployment, and by the
 * one that the provider gives it in its reply: the latter says what is charged, where it is told.
 */
struct model_name {
    const char *provider, *asked, *told; /* told: "" when it is not */
};
/* Fills cost and priced of *usage. `prices` is the setting, or NULL. */
void model_price_usage(const struct model_name *name, const char *prices, struct chat_usage *usage);

#endif
