/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adjectives that name what they compare: "the most expensive", "the oldest", "longer than 90". The
 * column is one whose name has one of the nouns that the adjective speaks of.
 */
#include "planner/rules/business_reading.h"

#include <string.h>

#define SEVERAL_NOUNS 0.6 /* the largest: by area or by population? */
#define NO_NOUN 0.35      /* "the longest" of what has no length */

/* Nouns in the order in which they are meant, of a number or a time. A later line with the same
 * adjective is looked at only where no earlier one fits. */
static const struct family {
    const char *adjectives;
    const char *nouns;
    enum cue extreme; /* which end of the column; CUE_NONE: as "most" or "least" says */
} families[] = {
    {"expensive costly pricey", "price cost fare fee charge tariff", CUE_NONE},
    {"expensive costly pricey priciest dearest costliest", "amount value", CUE_HIGH},
    {"priciest dearest costliest", "price cost fare fee charge tariff", CUE_HIGH},
    {"cheapest cheaper cheap", "price cost fare fee charge tariff", CUE_LOW},
    {"valuable", "value worth valuation", CUE_NONE},
    {"oldest older eldest", "age", CUE_HIGH},
    {"youngest younger", "age", CUE_LOW},
    {"oldest older eldest", "birth born birthday birthdate dob", CUE_LOW},
    {"youngest younger", "birth born birthday birthdate dob", CUE_HIGH},
    {"oldest older", "founded built established year", CUE_LOW},
    {"youngest younger newer", "founded built established year", CUE_HIGH},
    {"longest longer", "length duration runtime distance pages km miles", CUE_HIGH},
    {"longest longer", "hours minutes seconds days nights", CUE_HIGH},
    {"shortest shorter", "length duration runtime distance pages km miles", CUE_LOW},
    {"shortest shorter", "height hours minutes seconds days nights", CUE_LOW},
    {"tallest taller", "height", CUE_HIGH},
    {"highest higher", "height elevation altitude", CUE_HIGH},
    {"lowest lower", "height elevation altitude", CUE_LOW},
    {"heaviest heavier", "weight mass", CUE_HIGH},
    {"lightest lighter", "weight mass", CUE_LOW},
    {"largest larger biggest bigger", "size area hectares acres population capacity", CUE_HIGH},
    {"smallest smaller", "size area hectares acres population capacity", CUE_LOW},
    {"populous populated", "population inhabitants", CUE_NONE},
    {"fastest faster quickest quicker", "speed velocity mph", CUE_HIGH},
    {"fastest faster quickest quicker", "duration time seconds minutes", CUE_LOW},
    {"slowest slower", "speed velocity mph", CUE_LOW},
    {"slowest slower", "duration time seconds minutes", CUE_HIGH},
    {"hottest hotter warmest warmer", "temperature temp", CUE_HIGH},
    {"coldest colder coolest cooler", "temperature temp", CUE_LOW},
    {"wettest rainiest", "rain rainfall precipitation", CUE_HIGH},
    {"driest", "rain rainfall precipitation", CUE_LOW},
    {"deepest deeper", "depth", CUE_HIGH},
    {"shallowest shallower", "depth", CUE_LOW},
    {"widest wider broadest", "width", CUE_HIGH},
    {"narrowest narrower", "width", CUE_LOW},
    {"thickest thicker", "thickness", CUE_HIGH},
    {"thinnest thinner", "thickness", CUE_LOW},
    {"strongest stronger", "strength magnitude power", CUE_HIGH},
    {"weakest weaker", "strength magnitude power", CUE_LOW},
    {"richest richer wealthiest", "wealth income worth salary gdp", CUE_HIGH},
    {"poorest poorer", "wealth income worth salary gdp", CUE_LOW},
    {"closest nearest nearer", "distance", CUE_LOW},
    {"farthest furthest", "distance", CUE_HIGH},
    {"loudest louder", "loudness noise decibels", CUE_HIGH},
    {"brightest brighter", "brightness luminosity", CUE_HIGH},
    {"busiest busier", "passengers visitors visits traffic", CUE_HIGH},
};

#define FAMILY_COUNT (sizeof(families) / sizeof(families[0]))

/* Of sizes in general: where no such column exists, the table's main measure may be meant. */
static const char any_size[] = "highest lowest higher lower largest larger biggest bigger smallest smaller";

/* A number, or a time, whose name has the noun as a word of its own. */
static const struct column *noun_column(const struct dataset *dataset, struct str noun)
{
    for (size_t i = 0; i < dataset->column_count; i++) {
        const struct column *column = &dataset->columns[i];
        bool amount = value_kind_is_number(column->kind) || value_kind_is_time(column->kind);
        if (amount && column->role != ROLE_KEY && column_name_has(column, noun))
            return column;
    }
    return NULL;
}

/* The word that says one of the family's adjectives, or SIZE_MAX. */
static size_t said_at(const struct ask *ask, const char *adjectives)
{
    for (size_t i = 0; i < ask->word_count; i++)
        if (ask->words[i].mention < 0 && !ask->words[i].in_period &&
            ask_word_in(ask, i, adjectives))
            return i;
    return SIZE_MAX;
}

/* The first column that fits, of the nearest table; how many fit there goes to *count. */
static const struct column *family_column(const struct ask *ask, const struct family *family,
                                          struct ref *ref, size_t *count)
{
    *count = 0;
    *ref = (struct ref){0};
    for (size_t s = 0; s < ask->scope_count && *count == 0; s++) {
        struct str rest = str_from(family->nouns), noun;
        while (str_split(&rest, ' ', &noun)) {
            const struct column *column = noun_column(ask->scope[s].dataset, noun);
            if (!column || column == ref->column)
                continue;
            if ((*count)++ == 0)
                *ref = (struct ref){.scope = (int)s, .column = column};
        }
    }
    return ref->column;
}

const struct column *reading_adjective_column(struct reading *r, struct ref *ref,
                                              enum cue *extreme)
{
    size_t count, unfit = SIZE_MAX;
    for (size_t k = 0; k < FAMILY_COUNT; k++) {
        size_t at = said_at(r->ask, families[k].adjectives);
        if (at == SIZE_MAX)
            continue;
        if (!family_column(r->ask, &families[k], ref, &count)) {
            unfit = at;
            continue;
        }
        if (families[k].extreme != CUE_NONE)
            *extreme = families[k].extreme;
        r->ask->words[at].explained = true;
        if (count > 1)
            reading_doubt(r, "several that it may compare", SEVERAL_NOUNS);
        return ref->column;
    }
    struct ask_word *word = unfit != SIZE_MAX ? &r->ask->words[unfit] : NULL;
    bool by_time = word && (word->cue == CUE_EARLIEST || word->cue == CUE_LATEST);
    if (word && !by_time && !word->explained && !ask_word_in(r->ask, unfit, any_size)) {
        word->explained = true;
        reading_doubt(r, "nothing that the adjective compares", NO_NOUN);
    }
    return NULL;
}
