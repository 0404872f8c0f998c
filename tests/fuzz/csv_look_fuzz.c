/* SPDX-License-Identifier: Apache-2.0 */
/* The look at a CSV file before it is loaded. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "engine/load_csv.h"

static void check_names(const struct csv_survey *survey, struct arena *arena)
{
    size_t kept = survey->first_count < LOAD_COLUMNS_MAX ? survey->first_count : LOAD_COLUMNS_MAX;
    size_t count = kept < 50 ? kept : 50, renamed;
    const char **names = csv_name_columns(survey->first, count, arena, &renamed);
    for (size_t i = 0; i < count; i++) {
        if (!*names[i] || !str_is_utf8(str_from(names[i])))
            abort();
        for (size_t j = 0; j < i; j++)
            if (strcasecmp(names[i], names[j]) == 0)
                abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    if (size == 0)
        return 0;
    struct arena *arena = arena_new();
    struct str text = {(const char *)bytes + 1, size - 1};
    struct csv_dialect dialect = {.delimiter = ",;\t|"[bytes[0] & 3], .skip = bytes[0] >> 6};
    struct csv_survey survey;
    csv_look(text, &dialect, arena, &survey);
    if (survey.records > size || survey.first_count > size ||
        survey.short_records >= survey.records + 1 || survey.several_records > survey.records)
        abort();
    check_names(&survey, arena);
    char guess = csv_guess_delimiter(text, arena);
    if (guess && !memchr(text.bytes, guess, text.length))
        abort();
    arena_free(arena);
    return 0;
}
